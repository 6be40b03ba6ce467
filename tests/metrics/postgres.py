"""Another session in the test's database."""

from typing import Any

from django.db import connection


def dsn() -> dict[str, Any]:
    """What psycopg2 connects with."""
    values = connection.settings_dict
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    return {name: values[setting] for name, setting in names.items()}
