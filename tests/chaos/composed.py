"""Jobs that wait for each other: batches, chains in them, all sorts of keys, limits; and unstorable errors."""

import time
import uuid
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, connection

from askpro.queues import Batch, actor
from tests.chaos.actors import PATIENT, effect, this_run

# The most jobs of a shared key that run at once.
PLACES = 2
HOSTILE = ("\x00", "\ud800 \udfff", "ä\x00" * 2_000_000, "'; DROP TABLE queues_job; --")


@actor(atomic=True, **PATIENT)
def member(number: int, part: str) -> None:
    effect("member", number, part)


@actor(queue_name="default", max_retries=1, backoff=(100,))
def breaks(number: int) -> None:
    """Dies of an error whose text no database can store."""
    raise ValueError(HOSTILE[number % len(HOSTILE)])


@actor(atomic=True, **PATIENT)
def told(number: int, event: str) -> None:
    """A batch's callback."""
    effect("told", number, event)


@actor(in_order="order:{key}", **PATIENT)
def ordered(key: int, number: int) -> None:
    effect("ordered", key, f"begin {this_run()} {number}")
    time.sleep(0.001)
    effect("ordered", key, f"end {this_run()} {number}")


@actor(concurrency=("share:{key}", PLACES), **PATIENT)
def shared(key: int, number: int) -> None:
    """Counts running jobs by PostgreSQL's session locks, which end with the process, as the job does."""
    place = _take_place(key)
    try:
        if place is None:
            effect("too many", key, str(number))
        time.sleep(0.05)
        effect("shared", number)
    finally:
        # If this fails, the session is gone, and its lock too.
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [key, place or 0])


@actor(unique_by="unique:{key}", **PATIENT)
def unique(key: int, keys: int) -> None:
    """Notes how many jobs of its key had been sent when it began: one run must see them all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sent WHERE kind = 'unique' AND number %% %s = %s", [keys, key])
        (seen,) = cursor.fetchone()
    effect("unique", key, str(seen))


@actor(rate_limit="chaos", **PATIENT)
def limited(number: int) -> None:
    effect("limited", number)


@actor(atomic=True, **{**PATIENT, "time_limit": 60_000})
def lingering(number: int) -> None:
    """Stays inside its transaction for a while."""
    effect("lingering", number, uuid.uuid4().hex)
    time.sleep(0.5)


def batch(number: int, *, allow_failures: bool) -> Batch:
    """Three members and a chain, poisoned for every other number; every third number's poison is in a chain."""
    members: list[Any] = [member.message(number, str(part)) for part in range(3)]
    members.append([member.message(number, f"step {step}") for step in range(3)])
    if number % 6 == 3:
        members.append([member.message(number, "before"), breaks.message(number), member.message(number, "after")])
    elif number % 2:
        members.append(breaks.message(number))
    return Batch(
        members,
        name=f"{'tolerant' if allow_failures else 'strict'} {number}",
        allow_failures=allow_failures,
        on_success=told.message(number, "success"),
        on_failure=told.message(number, "failure"),
        on_finish=told.message(number, "finish"),
    )


def rows_of(number: int) -> int:
    """How many jobs a batch of this number consists of, its callbacks included."""
    return 9 + (3 if number % 6 == 3 else number % 2)


def _take_place(key: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT place FROM generate_series(1, %s) AS place WHERE pg_try_advisory_lock(%s, place) LIMIT 1",
            [PLACES, key],
        )
        row = cursor.fetchone()
    return row[0] if row else None
