"""One supervisor at a time: two of them must not note the same thing."""

from django.db import connection


def is_alone() -> bool:
    """Whether no other supervisor is noting now; if so, none will until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('askpro.queues.alerts'))")
        return bool(cursor.fetchone()[0])
