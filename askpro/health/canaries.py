"""Which canaries should have come through by now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from askpro.health.tasks import CANARIES, name_of
from askpro.queues.ledger.database import Connection
from askpro.queues.states import LIVING

# A canary could not have come through before the fleet's start, nor before the end of a pause. None is expected while
# its queue or its actor is paused, or its entry of the schedule, or before a supervisor has read that entry.
ROWS: Final = f"""
SELECT queue, canary.seen_at, greatest(
           canary.seen_at,
           (SELECT min(started_at) FROM queues_supervisor WHERE status IN {LIVING}),
           (SELECT max(until) FROM queues_pause WHERE name IN (queue, actor)),
           (SELECT max(at) FROM (SELECT at, text FROM queues_fleetevent WHERE kind = 'command'
                                  ORDER BY id DESC LIMIT 50) AS command
             WHERE text LIKE '%%resume %%' AND strpos(text, queue) > 0)),
       NOT EXISTS (SELECT 1 FROM queues_pause WHERE name IN (queue, actor)
                      AND (until IS NULL OR until > clock_timestamp()))
       AND EXISTS (SELECT 1 FROM queues_schedule WHERE actor_name = actor AND NOT is_paused)
  FROM unnest(%(queues)s::text[], %(actors)s::text[]) AS expected (queue, actor)
  LEFT JOIN health_canary AS canary USING (queue)
"""


@dataclass(frozen=True, slots=True)
class CanaryStatus:
    """`age` is for how many seconds none has come through that could have; None where none is expected."""

    seen_at: datetime | None
    age: float | None


def canaries(database: Connection, now: datetime) -> Mapping[str, CanaryStatus]:
    """The canary of each queue."""
    queues = list(CANARIES)
    rows = database.rows(ROWS, {"queues": queues, "actors": [name_of(queue) for queue in queues]})
    return {
        queue: CanaryStatus(seen_at, _age(since, now) if is_due else None) for queue, seen_at, since, is_due in rows
    }


def _age(since: datetime | None, now: datetime) -> float | None:
    """None where nothing has begun that could have sent one."""
    return max((now - since).total_seconds(), 0.0) if since else None
