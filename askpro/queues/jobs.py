"""Writing jobs: insert them in the caller's transaction, announce them after its commit; wake, retry, cancel them."""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from askpro.queues import hints

COLUMNS = (
    "id, actor_name, queue_name, args, kwargs, options, tags, status, ready_at, run_at, deadline_at,"
    " lock_key, chain_id, chain_step"
)
# now() would be the start of a transaction that may be long; ages count from this very moment.
ROW = (
    "(%s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb, %s::varchar[], %s,"
    " CASE WHEN %s THEN clock_timestamp() END,"
    " clock_timestamp() + %s * interval '1 millisecond',"
    " clock_timestamp() + %s * interval '1 millisecond', %s, %s, %s)"
)
INSERT_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be written. `delay` and `deadline` in milliseconds from now."""

    id: uuid.UUID
    actor_name: str
    queue_name: str
    args: str
    kwargs: str
    options: str
    tags: list[str]
    delay: int | None
    deadline: int | None
    lock_key: str | None = None
    chain_id: uuid.UUID | None = None
    chain_step: int | None = None

    @property
    def status(self) -> str:
        if self.chain_step:
            return "waiting"
        return "queued" if self.delay is None else "scheduled"

    def values(self) -> tuple[Any, ...]:
        status = self.status
        return (
            str(self.id),
            self.actor_name,
            self.queue_name,
            self.args,
            self.kwargs,
            self.options,
            self.tags,
            status,
            status == "queued",
            self.delay,
            self.deadline,
            self.lock_key,
            str(self.chain_id) if self.chain_id else None,
            self.chain_step,
        )


def insert(jobs: Sequence[NewJob]) -> None:
    """Write `jobs` in the caller's transaction. They exist if and only if it commits."""
    with connection.cursor() as cursor:
        for start in range(0, len(jobs), INSERT_AT_ONCE):
            part = jobs[start : start + INSERT_AT_ONCE]
            values = [value for job in part for value in job.values()]
            rows = ", ".join([ROW] * len(part))
            cursor.execute(f"INSERT INTO queues_job ({COLUMNS}) VALUES {rows}", values)
    announce((str(job.id), job.queue_name) for job in jobs if job.status == "queued")


def announce(jobs: Iterable[tuple[str, str]]) -> None:
    """Push (id, queue) pairs to Redis once the current transaction has committed; at once outside of one."""
    by_queue: dict[str, list[str]] = {}
    for job_id, queue_name in jobs:
        by_queue.setdefault(queue_name, []).append(job_id)
    if by_queue:
        transaction.on_commit(lambda: hints.pusher().push(by_queue), robust=True)


def wake(actor_name: str, tag: str) -> int:
    """Make released jobs of an actor with this tag ready now; returns how many."""
    return _make_ready(
        "status = 'released' AND lock_key IS NULL AND actor_name = %s AND tags @> ARRAY[%s]::varchar[]",
        [actor_name, tag],
    )


def retry(job_id: uuid.UUID, tries: int = 1) -> bool:
    """Make a dead job ready again with `tries` more runs; its id and history stay. False when it is not dead."""
    return (
        _make_ready(
            "id = %s AND status = 'dead'",
            [str(job_id)],
            f"extra_tries = extra_tries + {int(tries)}, deadline_at = NULL, losses = 0, alerted_at = NULL, ",
        )
        == 1
    )


def cancel(job_id: uuid.UUID) -> bool:
    """Cancel a job that is not running; False when it runs or is over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE queues_job SET status = 'cancelled', finished_at = clock_timestamp(), run_at = NULL"
            " WHERE id = %s AND status IN ('waiting', 'scheduled', 'queued', 'retrying', 'released')",
            [str(job_id)],
        )
        return cursor.rowcount == 1


def dumps(value: Any) -> str:
    """Compact JSON that PostgreSQL can store: ASCII, without NaN."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _make_ready(condition: str, params: list[Any], changes: str = "") -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE queues_job SET {changes}status = 'queued', ready_at = clock_timestamp(), run_at = NULL,"
            f" finished_at = NULL, worker_id = NULL WHERE {condition} RETURNING id::text, queue_name",
            params,
        )
        ready = cursor.fetchall()
    announce(ready)
    return len(ready)
