"""Retell's calls, as contracts/retell.md describes them."""
