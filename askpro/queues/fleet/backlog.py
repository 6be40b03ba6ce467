"""How many jobs are ready in each queue, and how old the oldest is."""

from collections.abc import Collection
from dataclasses import dataclass

from askpro.queues.config import queue_names
from askpro.queues.ledger.database import Connection

# Counting stops here: whether ten thousand or a million jobs wait, the pool gets its maximum.
MOST_COUNTED = 10_000
BACKLOGS = f"""
SELECT name, coalesce((SELECT count(*) FROM (
           SELECT 1 FROM queues_job_live WHERE status = 'queued' AND queue_name = name AND actor_name <> ALL(%s)
            LIMIT {MOST_COUNTED}) AS counted), 0),
       coalesce(extract(epoch FROM clock_timestamp() - (
           SELECT ready_at FROM queues_job_live WHERE status = 'queued' AND queue_name = name AND actor_name <> ALL(%s)
            ORDER BY ready_at LIMIT 1)), 0)::float8
  FROM unnest(%s::text[]) AS name
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """A queue's ready jobs, and the age in seconds of the oldest."""

    ready: int
    oldest: float


def backlogs(database: Connection, paused: Collection[tuple[str, str]] = ()) -> dict[str, Backlog]:
    """The backlog of every queue, without paused jobs: jobs that may not be claimed need no process."""
    actors = [name for kind, name in paused if kind == "actor"]
    rows = database.rows(BACKLOGS, (actors, actors, list(queue_names())))
    return {
        name: Backlog(0, 0.0) if ("queue", name) in paused else Backlog(ready, max(oldest, 0.0))
        for name, ready, oldest in rows
    }
