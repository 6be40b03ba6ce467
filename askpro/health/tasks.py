"""A canary for each queue, which the schedule sends each minute: it comes through only if all of the way works."""

from datetime import datetime
from typing import Any

from django.db import connection

from askpro.health.thresholds import CANARY_EXPIRES
from askpro.queues import S, actor
from askpro.queues.config import promise, queue_names

# A later canary may have overtaken it.
SEEN = """
INSERT INTO health_canary (queue, sent_at, seen_at) VALUES (%s, %s, clock_timestamp())
    ON CONFLICT (queue) DO UPDATE SET sent_at = excluded.sent_at, seen_at = excluded.seen_at
 WHERE health_canary.sent_at < excluded.sent_at
"""


def name_of(queue: str) -> str:
    """The name of the queue's canary, as an actor."""
    return f"canary_{queue}"


def _prove(queue: str, sent: str) -> None:
    """Prove that the way from the schedule over outbox, claim and run to the settlement works in this queue.

    Writes: Canary
    """
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [queue, datetime.fromisoformat(sent)])


def _canary_of(queue: str) -> Any:
    def canary(sent: str) -> None:
        _prove(queue, sent)

    canary.__doc__ = _prove.__doc__
    return actor(
        canary,
        actor_name=name_of(queue),
        queue_name=queue,
        max_retries=2,
        backoff=(5 * S,),
        time_limit=10 * S,
        # One that waits in a paused queue makes way for the next.
        expires=int((CANARY_EXPIRES + promise(queue)) * S),
        atomic=True,
        unique_by=f"canary:{queue}",
        silenced=True,
    )


CANARIES = {queue: _canary_of(queue) for queue in queue_names()}
