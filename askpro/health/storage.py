"""What the tables of this installation hold: their size, and what retention has done about it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any, Final

from django.db import connection

from askpro.queues.ledger import history
from askpro.queues.ledger.database import Connection, DjangoConnection

# A partitioned table counts with all its parts: the ledger has a table for each day.
SIZES: Final = """
SELECT coalesce(pg_partition_root(oid), oid)::regclass::text, sum(pg_total_relation_size(oid))::bigint
  FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace GROUP BY 1 ORDER BY 1
"""
DEAD: Final = "SELECT min(finished_at) FROM queues_job WHERE status = 'dead'"
TOTALS: Final = "SELECT kind, deleted, blanked, kept, oldest_at, ended_at FROM privacy_retentiontotal ORDER BY kind"


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Of one class of data: rows deleted and blanked so far, which only grows; rows that are over their time and there
    still, because of a hold or of pending work, and the age of the oldest row, when all was last read, at `ended_at`.
    """

    deleted: int
    blanked: int
    kept: int
    oldest_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Storage:
    """`tables`: bytes of each table with its indexes, and of the parts of those that have some. `classes`: by class of
    data (`askpro.privacy.classes.Kept`), those that were read at least once. `completed_at`, `dead_at`: the day of the
    oldest completed job and the end of the oldest dead one that the ledger still has (`RETENTION`).
    """

    tables: dict[str, int] = field(default_factory=dict)
    classes: dict[str, ClassFigures] = field(default_factory=dict)
    completed_at: datetime | None = None
    dead_at: datetime | None = None

    @property
    def total(self) -> int:
        """Bytes of all tables."""
        return sum(self.tables.values())


def figures(database: Connection | None = None) -> Storage:
    """Read them, in some milliseconds. Raises the database's own errors."""
    if database is not None:
        return _read(database)
    with connection.cursor() as cursor:
        return _read(DjangoConnection(cursor))


def _read(database: Connection) -> Storage:
    classes: dict[str, Any] = {kind: ClassFigures(*rest) for kind, *rest in database.rows(TOTALS)}
    days = history.days(database)
    ((dead_at,),) = database.rows(DEAD)
    completed_at = datetime.combine(days[0], time.min, UTC) if days else None
    return Storage(dict(database.rows(SIZES)), classes, completed_at, dead_at)
