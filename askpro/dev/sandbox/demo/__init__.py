"""Invented phone calls, played through the real webhook endpoint and followed to their end."""
