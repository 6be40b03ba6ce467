"""Writing jobs: insert them in the caller's transaction, announce them after its commit; wake them, make them ready."""

import uuid
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db import connection, transaction

from askpro.queues import keys
from askpro.queues.ledger import copying, hints, unique

# Not now(), which is the start of the transaction, maybe long ago: delays count from this moment.
LATER = "clock_timestamp() + %s * interval '1 millisecond'"
COLUMNS = {
    "id": "%s",
    "actor_name": "%s",
    "queue_name": "%s",
    "args": "%s::jsonb",
    "kwargs": "%s::jsonb",
    "options": "%s::jsonb",
    "tags": "%s::varchar[]",
    "status": "%s",
    "ready_at": "CASE WHEN %s THEN clock_timestamp() END",
    "run_at": LATER,
    "deadline_at": LATER,
    "fair_key": "%s",
}
# Most jobs have none of these; then the statement leaves the columns out.
FEATURES = {
    "chain_id": "%s",
    "chain_step": "%s",
    "batch_id": "%s",
    "lock_key": "%s",
    "in_order": "%s",
    "share_key": "%s",
    "share_limit": "%s",
    "unique_key": "%s",
    "rate_limit": "%s",
    "expires_at": "%s",
    "silenced": "%s",
}
# COPY takes no expressions: each moment comes from one reading of PostgreSQL's clock.
COPIED = [*COLUMNS, "created_at"]
AT_ONCE = 1000
# From so many jobs on, COPY is faster than INSERT, though it has to ask for the time first.
MANY = 20
# A job that waited for another job's end gets its full deadline, counted from now.
FRESH_DEADLINE = """deadline_at = CASE WHEN status = 'waiting' THEN clock_timestamp() + (deadline_at - created_at)
 ELSE deadline_at END, """
# The second condition lets PostgreSQL use the index, which leaves out jobs without tags.
TAGGED = "tags @> ARRAY[%s]::varchar[] AND NOT tags = '{}'"
# One statement for both states: a job whose release is settled meanwhile is found in the one or the other.
WAKE = f"""
UPDATE queues_job_live
   SET status = CASE status WHEN 'released' THEN 'queued' ELSE status END,
       ready_at = CASE status WHEN 'released' THEN clock_timestamp() ELSE ready_at END,
       run_at = CASE status WHEN 'released' THEN NULL ELSE clock_timestamp() END
 WHERE actor_name = %s AND {TAGGED} AND (status = 'processing' OR (status = 'released' AND run_at IS NOT NULL))
RETURNING id::text, queue_name, status
"""


@dataclass(slots=True, kw_only=True)
class NewJob:
    """A job to be written. `delay` and `deadline` in milliseconds from now."""

    id: uuid.UUID
    actor_name: str
    queue_name: str
    args: str = "[]"
    kwargs: str = "{}"
    options: str = "{}"
    tags: list[str] = field(default_factory=list)
    delay: int | None = None
    deadline: int | None = None
    lock_key: str | None = None
    in_order: bool = False
    share_key: str | None = None
    share_limit: int | None = None
    fair_key: str | None = None
    unique_key: str | None = None
    rate_limit: str | None = None
    expires_at: datetime | None = None
    silenced: bool = False
    chain_id: uuid.UUID | None = None
    chain_step: int | None = None
    batch_id: uuid.UUID | None = None
    # Not ready until other jobs are over: a later step of a chain, or a batch's callback.
    is_waiting: bool = False

    @property
    def status(self) -> str:
        if self.is_waiting:
            return "waiting"
        return "queued" if self.delay is None else "scheduled"

    @property
    def has_features(self) -> bool:
        return any(_features_of(self))

    def values(self) -> list[Any]:
        status = self.status
        fixed = [str(self.id), self.actor_name, self.queue_name, self.args, self.kwargs, self.options, self.tags]
        return [*fixed, status, status == "queued", self.delay, self.deadline, self.fair_key]

    def feature_values(self) -> list[Any]:
        return [_plain(value) for value in _features_of(self)]

    def copied(self, now: "_Moments") -> list[Any]:
        """The values of `COPIED`."""
        *fixed, is_ready, delay, deadline, fair_key = self.values()
        return [*fixed, now[0] if is_ready else None, now[delay], now[deadline], fair_key, now[0]]


def insert(jobs: Sequence[NewJob]) -> dict[str, str]:
    """Write `jobs` in the caller's transaction. They exist if and only if it commits.

    A job is not written when a copy with its unique key already waits; returns that copy's id by the job's id.
    """
    keyed = [job for job in jobs if job.unique_key is not None]
    # A key must never name a job that does not exist yet: another sender would take the key over.
    with transaction.atomic(savepoint=False) if keyed or len(jobs) > AT_ONCE else nullcontext():
        standing = _standing(keyed)
        fresh = [job for job in jobs if str(job.id) not in standing]
        now = _Moments(_clock()) if len(fresh) >= MANY else None
        for start in range(0, len(fresh), AT_ONCE):
            some = fresh[start : start + AT_ONCE]
            _insert_some(some) if now is None else _copy_some(some, now)
    # We had locked the waiting copy: a worker that popped its id meanwhile has skipped it. So announce it again.
    announce([*((str(job.id), job.queue_name) for job in fresh if job.status == "queued"), *standing.values()])
    return {job_id: found for job_id, (found, _) in standing.items()}


def announce(jobs: Iterable[tuple[str, str]]) -> None:
    """Push (id, queue) pairs to Redis once the current transaction has committed; at once outside of one."""
    if ready := list(jobs):
        transaction.on_commit(lambda: hints.announce(ready), robust=True)


def wake(actor_name: str, tag: str) -> int:
    """Make released jobs of an actor with this tag ready now; returns how many. A running one that is about to be
    released comes back at once: what it waits for may have come after it looked.
    """
    with connection.cursor() as cursor:
        cursor.execute(WAKE, [actor_name, keys.tag(tag)])
        woken = [(job_id, queue_name) for job_id, queue_name, status in cursor.fetchall() if status == "queued"]
    announce(woken)
    return len(woken)


def make_ready(condition: str, params: list[Any], changes: str = FRESH_DEADLINE) -> int:
    """Queue the jobs that meet an SQL condition; returns how many. For the engine's own modules."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE queues_job_live SET {changes}status = 'queued', ready_at = clock_timestamp(), run_at = NULL,"
            f" finished_at = NULL, worker_id = NULL WHERE {condition} RETURNING id::text, queue_name",
            params,
        )
        ready = cursor.fetchall()
    announce(ready)
    return len(ready)


def columns_of(jobs: Sequence[NewJob]) -> tuple[dict[str, str], list[Any]]:
    """The columns that rows of these jobs need, each with its placeholder, and the rows' values in that order."""
    has_features = any(job.has_features for job in jobs)
    values: list[Any] = []
    for job in jobs:
        values += job.values()
        if has_features:
            values += job.feature_values()
    return (COLUMNS | FEATURES if has_features else COLUMNS), values


def _standing(keyed: Sequence[NewJob]) -> dict[str, tuple[str, str]]:
    standing: dict[str, tuple[str, str]] = {}
    ours: dict[str | None, NewJob] = {}
    # In the order of their keys, so that two senders of the same keys do not deadlock.
    for job in sorted(keyed, key=lambda job: (job.unique_key, job.id)):
        if first := ours.get(job.unique_key):
            first.delay = None if None in (first.delay, job.delay) else min(first.delay or 0, job.delay or 0)
            standing[str(job.id)] = str(first.id), first.queue_name
        elif found := unique.stand_in(str(job.unique_key), str(job.id), job.delay):
            standing[str(job.id)] = found
        else:
            ours[job.unique_key] = job
    return standing


def _insert_some(jobs: Sequence[NewJob]) -> None:
    columns, values = columns_of(jobs)
    row = f"({', '.join(columns.values())})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO queues_job_live ({', '.join(columns)}) VALUES {', '.join([row] * len(jobs))}", values
        )


def _clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def _copy_some(jobs: Sequence[NewJob], now: "_Moments") -> None:
    has_features = any(job.has_features for job in jobs)
    rows = [job.copied(now) + job.feature_values() if has_features else job.copied(now) for job in jobs]
    copying.copy("queues_job_live", [*COPIED, *FEATURES] if has_features else COPIED, rows)


class _Moments(dict[int | None, str | None]):
    """The moment that is so many milliseconds away, as text; most jobs of a batch have the same few."""

    def __init__(self, now: datetime) -> None:
        super().__init__({None: None})
        self._now = now

    def __missing__(self, milliseconds: int) -> str:
        moment = self[milliseconds] = (self._now + timedelta(milliseconds=milliseconds)).isoformat()
        return moment


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, uuid.UUID) else value


_features_of = attrgetter(*FEATURES)
