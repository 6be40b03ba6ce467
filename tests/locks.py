"""Sessions that hold locks, and sessions that wait for them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def somebody_holds(statement: str) -> Iterator[None]:
    """Another session runs this in a transaction that stays open meanwhile."""
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(statement)
        yield
    finally:
        # Ended before the test continues: a session that is only closed holds its locks for a moment longer.
        other.rollback()
        other.close()


def somebody_waits() -> bool:
    """Whether a session of this database waits for a lock right now; asked afresh also inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return cursor.fetchone() is not None
