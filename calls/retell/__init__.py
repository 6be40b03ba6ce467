"""Retell: what its webhooks say of a call, read without trust, and what may be kept of it. Knows no row."""
