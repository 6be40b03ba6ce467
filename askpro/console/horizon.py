"""How far back a list of jobs looks that no index narrows: a name that no job has must not read millions of rows."""

import uuid
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

# About so many of the newest jobs are looked at.
MOST = 500_000
LEDGER = """
SELECT sum(greatest(reltuples, 0))::float8, (SELECT id FROM queues_job ORDER BY id LIMIT 1)
  FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'queues_job'::regclass
"""


def since() -> datetime | None:
    """From when on jobs are looked at, by PostgreSQL's own estimate of their number; None while all are."""
    with connection.cursor() as cursor:
        cursor.execute(LEDGER)
        count, oldest = cursor.fetchone()
    if oldest is None or count <= MOST:
        return None
    age = timezone.now() - moment_of(oldest)
    return timezone.now() - max(age * (MOST / count), timedelta(hours=1))


def moment_of(job_id: uuid.UUID) -> datetime:
    """When a job with this id (UUIDv7) was sent."""
    return datetime.fromtimestamp((job_id.int >> 80) / 1000, UTC)


def first_id_of(moment: datetime) -> uuid.UUID:
    """The smallest id (UUIDv7) that a job of this moment can have."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)
