"""Signed webhooks through nginx and gunicorn while somebody attacks: whether the vendors are still answered in time."""
