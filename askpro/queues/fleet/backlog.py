"""How many jobs are ready in each queue, and how old the oldest is."""

from collections import defaultdict
from collections.abc import Collection, MutableMapping
from dataclasses import dataclass

from askpro.queues.config import queue_names
from askpro.queues.ledger.database import Connection
from askpro.queues.ledger.floors import YOUNG, Floor

# Counting stops here: whether ten thousand or a million jobs wait, the pool gets its maximum.
MOST_COUNTED = 10_000
WAITING = "status = 'queued' AND queue_name = name AND actor_name <> ALL(%(paused)s) AND ready_at >= since"
BACKLOGS = f"""
SELECT name, coalesce((SELECT count(*) FROM (
           SELECT 1 FROM queues_job_live WHERE {WAITING} LIMIT {MOST_COUNTED}) AS counted), 0),
       coalesce(extract(epoch FROM clock_timestamp() - oldest), 0)::float8, least(oldest, {YOUNG})
  FROM unnest(%(names)s::text[], %(since)s::timestamptz[]) AS queue (name, since), LATERAL (
           SELECT (SELECT ready_at FROM queues_job_live WHERE {WAITING} ORDER BY ready_at LIMIT 1) AS oldest) AS first
"""
# A floor for each queue.
Floors = MutableMapping[str, Floor]


@dataclass(frozen=True, slots=True)
class Backlog:
    """A queue's ready jobs, and the age in seconds of the oldest."""

    ready: int
    oldest: float


def backlogs(
    database: Connection, paused: Collection[tuple[str, str]] = (), floors: Floors | None = None
) -> dict[str, Backlog]:
    """The backlog of every queue, without paused jobs: jobs that may not be claimed need no process.

    Who looks again and again passes the `floors` that the last look has left.
    """
    floors = defaultdict(Floor) if floors is None else floors
    actors = [name for kind, name in paused if kind == "actor"]
    names = list(queue_names())
    rows = database.rows(
        BACKLOGS, {"paused": actors, "names": names, "since": [floors[name].since() for name in names]}
    )
    for name, *_, oldest in rows:
        floors[name].found(database, oldest)
    return {
        name: Backlog(0, 0.0) if ("queue", name) in paused else Backlog(ready, max(age, 0.0))
        for name, ready, age, _ in rows
    }
