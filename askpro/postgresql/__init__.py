"""Django's backend for PostgreSQL, with fewer messages to the server: named as `ENGINE` in the settings."""
