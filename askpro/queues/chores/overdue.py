"""Ends ready jobs that no worker claims at their deadline: in a paused queue, or of an actor that no process knows."""

import uuid
from datetime import datetime

from django.db import connection

from askpro.queues.config import queue_names
from askpro.queues.jobs.interventions import AT_ONCE, end
from askpro.queues.ledger.outcome import overdue

# Jobs that one look reads of one queue. A million ready jobs are read in a few minutes, and no look delays the others.
PAGE = 10_000
# There is no index on a ready job's deadline: every job would pay for it at each send and claim. Instead each look
# reads one page of each queue.
READY = """
WITH page AS MATERIALIZED (
    SELECT id, ready_at, deadline_at FROM queues_job_live
     WHERE status = 'queued' AND queue_name = %s AND (ready_at, id) > (%s, %s) ORDER BY ready_at, id LIMIT %s
)
SELECT array_agg(id::text) FILTER (WHERE deadline_at < statement_timestamp()), count(*),
       (array_agg(ready_at ORDER BY ready_at DESC, id DESC))[1],
       (array_agg(id::text ORDER BY ready_at DESC, id DESC))[1]
  FROM page
"""
Place = tuple[datetime | str, str]
BEGINNING: Place = ("-infinity", str(uuid.UUID(int=0)))


class Walk:
    """One process's walk through the ready jobs of each queue, from the oldest to the newest, again and again."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}

    def end_ready(self) -> int:
        """End the overdue ones on the next page of each queue; returns how many."""
        return sum(self._end_page(queue) for queue in queue_names())

    def _end_page(self, queue: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(READY, [queue, *self._places.get(queue, BEGINNING), PAGE])
            late, count, ready_at, job_id = cursor.fetchone()
        self._places[queue] = (ready_at, job_id) if count == PAGE else BEGINNING
        return self._end(late or [])

    @staticmethod
    def _end(job_ids: list[str]) -> int:
        # Checked again under the row's lock: a worker may have claimed it, and a retry by hand has no deadline.
        late = "id = ANY(%s::uuid[]) AND status = 'queued' AND deadline_at < statement_timestamp()"
        pages = (job_ids[start : start + AT_ONCE] for start in range(0, len(job_ids), AT_ONCE))
        return sum(end(late, [page], overdue()) for page in pages)
