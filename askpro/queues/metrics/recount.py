"""Whether the figures agree with the ledger, to the job: for tests, and for whoever doubts them."""

from collections import Counter
from datetime import UTC, datetime
from typing import Final

from django.db import connection

from askpro.queues.ledger.database import Connection, DjangoConnection
from askpro.queues.metrics.figures import job_figures

EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
RUNS: Final = """
SELECT queue_name, actor_name,
       CASE WHEN outcome IN ('completed', 'cancelled') THEN outcome ELSE 'failed' END, count(*)
  FROM queues_attempt_told AS attempt JOIN queues_job AS job ON job.id = attempt.job_id
 WHERE outcome <> 'released' GROUP BY 1, 2, 3
UNION ALL
SELECT queue_name, actor_name, 'arrived', count(*) FROM queues_job GROUP BY 1, 2
"""
TOLD: Final = ("completed", "failed", "cancelled", "arrived")


def differences() -> list[str]:
    """Where figures and ledger disagree, in words. Fold first; of what retention has deleted, only the figures know."""
    with connection.cursor() as cursor:
        database = DjangoConnection(cursor)
        told, true = _told(database), _true(database)
    return [
        f"{queue} {actor}: {told[queue, actor, what]} {what} by the figures, {true[queue, actor, what]} by the ledger"
        for queue, actor, what in sorted({*told, *true})
        if told[queue, actor, what] != true[queue, actor, what]
    ]


def _told(database: Connection) -> Counter[tuple[str, str, str]]:
    told: Counter[tuple[str, str, str]] = Counter()
    queues = {str(each.key) for each in job_figures(EVER, datetime.now(UTC), by="queue", database=database)}
    for queue in queues:
        for each in job_figures(EVER, datetime.now(UTC), by="actor", queue=queue, database=database):
            told.update({(queue, str(each.key), what): getattr(each, what) for what in TOLD})
    return told


def _true(database: Connection) -> Counter[tuple[str, str, str]]:
    return Counter({(queue, actor, what): count for queue, actor, what, count in database.rows(RUNS)})
