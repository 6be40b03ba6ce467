"""What people and other jobs do to jobs: cancel them, retry them. Each act has all consequences that settle knows."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from askpro.queues import batches, claim, jobs, keys
from askpro.queues.database import DjangoConnection
from askpro.queues.outcome import Outcome, cancelled, expired, overdue
from askpro.queues.settle import Item, settle
from askpro.queues.settle_sql import START

# In whose name rows are settled that no worker holds; taking and settling them is one transaction.
NOBODY = -1
NOT_STARTED = "status IN ('waiting', 'scheduled', 'queued', 'retrying', 'released')"
AT_ONCE = 1000


def cancel(job_id: uuid.UUID, reason: str = "Cancelled.") -> bool:
    """End a job: one that waits at once; one that runs is interrupted, or its process killed. False when it is over."""
    this, key = "id = %s", [str(job_id)]
    with transaction.atomic(), connection.cursor() as cursor:
        _hold_batches(cursor, this, key, "id")
        # Whoever holds the row is waited for: a promotion or a sender of its unique key does not mean that it is over.
        cursor.execute(f"SELECT 1 FROM queues_job WHERE {this} FOR UPDATE", key)
        return end(f"{this} AND {NOT_STARTED}", key, cancelled(reason)) == 1 or _interrupt(this, key) == 1


def cancel_tagged(tag: str, reason: str = "Cancelled.") -> int:
    """End every unfinished job with this tag; returns how many."""
    tag, ended = keys.tag(tag), 0
    while count := end(f"{jobs.TAGGED} AND {NOT_STARTED}", [tag], cancelled(reason)):
        ended += count
    return ended + _interrupt(jobs.TAGGED, [tag])


def retry(job_id: uuid.UUID, tries: int = 1) -> bool:
    """Make a dead job ready again with `tries` more runs; its id and history stay. False when it is not dead."""
    with transaction.atomic(), connection.cursor() as cursor:
        _hold_batches(cursor, "id = %s", [str(job_id)], "id")
        cursor.execute("SELECT 1 FROM queues_job WHERE id = %s AND status = 'dead' FOR UPDATE", [str(job_id)])
        if cursor.fetchone() is None:
            return False
        batches.reopen_for([job_id])
        changes = (
            "extra_tries = extra_tries + %s, deadline_at = NULL, losses = 0, alerted_at = NULL, cancel_at = NULL,"
            " progress_done = NULL, progress_total = NULL, "
        )
        return jobs.make_ready("id = %s", [int(tries), str(job_id)], changes) == 1


def run_now(job_id: uuid.UUID) -> bool:
    """Make a job that waits for a moment ready at once; False when it does not. A key or a limit still holds."""
    waits = "status IN ('scheduled', 'retrying', 'released') AND run_at IS NOT NULL"
    return jobs.make_ready(f"id = %s AND {waits}", [str(job_id)]) == 1


def end_overdue() -> int:
    """Waiting past the deadline ends visibly, with the last real error; returns how many jobs."""
    late = "status IN ('scheduled', 'retrying', 'released') AND deadline_at < statement_timestamp()"
    return end(late, [], overdue(), "deadline_at")


def end_expired() -> int:
    """Jobs that were not to start after a moment that has passed are cancelled before anybody claims them."""
    late = "status IN ('scheduled', 'queued', 'retrying', 'released') AND expires_at < statement_timestamp()"
    return end(late, [], expired(), "expires_at")


def end(condition: str, params: Sequence[Any], outcome: Outcome, order: str = "id") -> int:
    """Give the jobs that meet an SQL condition this outcome, with all that follows; at most a thousand at once."""
    with transaction.atomic(), connection.cursor() as cursor:
        database = DjangoConnection(cursor)
        _hold_batches(cursor, condition, params, order)
        claims = claim.where(database, NOBODY, condition, params, AT_ONCE, order)
        items = [Item(taken, outcome, time.monotonic()) for taken in claims]
        if items:
            jobs.announce(settle(database, NOBODY, settings.CODE_VERSION, items).ready)
        if outcome.status == "cancelled":
            for begin in claims:
                if begin.actor_name == START:
                    # Nothing else would ever let this batch's members begin, or end.
                    batches.cancel(uuid.UUID(begin.kwargs["batch_id"]))
        return len(items)


def _hold_batches(cursor: CursorWrapper, condition: str, params: Sequence[Any], order: str) -> None:
    # Settling locks batches before jobs. The other way round, a member's failure that cancels the rest and somebody who
    # cancels one of them would wait for each other.
    cursor.execute(
        "SELECT id FROM queues_batch WHERE id IN ("
        f"SELECT batch_id FROM queues_job WHERE {condition} ORDER BY {order} LIMIT {AT_ONCE}) ORDER BY id FOR UPDATE",
        params,
    )


def _interrupt(condition: str, params: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE queues_job SET cancel_at = coalesce(cancel_at, clock_timestamp())"
            f" WHERE status = 'processing' AND {condition}",
            params,
        )
        return cursor.rowcount
