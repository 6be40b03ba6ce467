"""Invented phone calls, sent to the real webhook endpoint and followed to their end."""
