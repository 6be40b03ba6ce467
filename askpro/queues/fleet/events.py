"""What happened to the fleet, as rows that people look at."""

from django.db import connection

from askpro.queues.ledger.database import Connection, DjangoConnection

NOTE = "INSERT INTO queues_fleetevent (kind, text, supervisor_id, about) VALUES (%s, %s, %s, %s)"


def note(database: Connection, kind: str, text: str, supervisor_id: int | None = None, about: str = "") -> None:
    """Remember that something happened, as a `FleetEvent`.

    What ends something is `about` the same host, or group of workers, as what began it.
    """
    database.rows(NOTE, (kind, text[:500], supervisor_id, about[:100]))


def note_command(text: str, by: str, reason: str = "", supervisor_id: int | None = None) -> None:
    """Remember what a person did, and why."""
    words = (f"{by}: {text}" if by else text) + (f" ({reason})" if reason else "")
    with connection.cursor() as cursor:
        note(DjangoConnection(cursor), "command", words, supervisor_id)
