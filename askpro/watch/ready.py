"""The ready jobs of each queue at a moment, without those that somebody has paused."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from askpro.queues.config import promise, queue_names
from askpro.queues.fleet import pauses
from askpro.queues.fleet.backlog import MOST_COUNTED
from askpro.queues.fleet.status import UNDECLARED_PROMISE
from askpro.queues.ledger.database import DjangoConnection

# Walks from queue to queue along the index: a queue that no setting names any more is found, too. In the index's order
# a count ends with its last row; without it PostgreSQL first makes a bitmap of the whole backlog.
READY = f"""
WITH RECURSIVE named AS (
    (SELECT queue_name AS name FROM queues_job_live WHERE status = 'queued' ORDER BY queue_name LIMIT 1)
    UNION ALL
    SELECT (SELECT queue_name FROM queues_job_live WHERE status = 'queued' AND queue_name > named.name
             ORDER BY queue_name LIMIT 1)
      FROM named WHERE named.name IS NOT NULL
)
SELECT name, since, (
       SELECT count(*) FROM (
           SELECT 1 FROM queues_job_live
            WHERE status = 'queued' AND queue_name = name AND actor_name <> ALL(%(actors)s) AND ready_at <= %(now)s
            ORDER BY ready_at LIMIT %(most)s) AS counted), (
       SELECT count(*) FROM (
           SELECT 1 FROM queues_job_live
            WHERE status = 'queued' AND queue_name = name AND actor_name <> ALL(%(actors)s)
              AND ready_at < %(now)s - coalesce((%(promises)s::jsonb ->> name)::float8, {UNDECLARED_PROMISE})
                             * interval '1 second'
            ORDER BY ready_at LIMIT %(most)s) AS counted)
  FROM named, LATERAL (SELECT (
       SELECT ready_at FROM queues_job_live
        WHERE status = 'queued' AND queue_name = name AND actor_name <> ALL(%(actors)s)
        ORDER BY ready_at LIMIT 1) AS since) AS first
 WHERE name IS NOT NULL AND name <> ALL(%(paused)s) AND since <= %(now)s
"""


@dataclass(frozen=True, slots=True)
class Ready:
    """One queue's ready jobs. Both numbers are counted up to a limit; `late` waited longer than promised."""

    queue: str
    since: datetime
    count: int
    late: int

    @property
    def promise(self) -> float:
        return promise(self.queue) if self.queue in queue_names() else UNDECLARED_PROMISE

    def age(self, now: datetime) -> timedelta:
        return now - self.since


def ready(now: datetime, paused: frozenset[tuple[str, str]] | None = None, most: int = MOST_COUNTED) -> list[Ready]:
    """Every queue that has ready jobs, whether it is declared or not. Who has read what is `paused` passes it."""
    with connection.cursor() as cursor:
        database = DjangoConnection(cursor)
        if paused is None:
            paused = pauses.paused(database)
        rows = database.rows(
            READY,
            {
                "now": now,
                "most": most,
                "actors": [name for kind, name in paused if kind == "actor"],
                "paused": [name for kind, name in paused if kind == "queue"],
                "promises": json.dumps({name: promise(name) for name in queue_names()}),
            },
        )
    return [Ready(*row) for row in rows]
