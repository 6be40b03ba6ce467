"""Retell: what its webhooks say of a call, what may be kept of it, and what its agent is told while the phone rings.

Nothing here writes a row.
"""
