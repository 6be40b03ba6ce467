"""Retell: reads what its webhooks say about a call, without trust, and says what may be stored of it. Uses no rows."""
