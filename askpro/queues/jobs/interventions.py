"""What people and other jobs do to jobs and batches: cancel, retry, run now. Each has all the effects of settling."""

import time
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F, Q
from django.db.models.functions import Now
from dramatiq import get_broker
from dramatiq.errors import ActorNotFound

from askpro.queues import keys
from askpro.queues.ids import uuid7
from askpro.queues.ledger import claim, enqueue, history
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.ledger.outcome import Outcome, cancelled, expired, overdue
from askpro.queues.ledger.settle import Item, settle
from askpro.queues.ledger.settle_sql import CATCH, START
from askpro.queues.states import FAILED, LATER, LIVE_DAY, NOT_STARTED, UNCLAIMED

# The worker id under which rows that no worker holds are claimed and settled, in one transaction.
NOBODY = -1
HAS_NOT_STARTED = f"status IN {NOT_STARTED}"
AT_ONCE = 1000
# What a job was sent with; all else came later, of its runs and of what people did.
SENT = (
    *("actor_name", "queue_name", "args", "kwargs", "options", "tags", "expires_at", "silenced"),
    *("lock_key", "in_order", "share_key", "share_limit", "fair_key", "rate_limit"),
)
LOCK_BATCHES_OF = """
SELECT id FROM queues_batch WHERE id IN (SELECT batch_id FROM queues_job_live WHERE id = ANY(%s::uuid[]))
 ORDER BY id FOR UPDATE
"""
UNCOUNT = f"""
WITH uncounted AS (
    DELETE FROM queues_batchmember AS member USING queues_job_live AS job
     WHERE job.id = ANY(%s::uuid[]) AND job.status IN {FAILED} AND member.chain_id = job.chain_id
 RETURNING member.batch_id
)
SELECT batch_id, count(*) FROM (
    SELECT batch_id FROM uncounted
    UNION ALL SELECT batch_id FROM queues_job_live
               WHERE id = ANY(%s::uuid[]) AND chain_id IS NULL AND batch_id IS NOT NULL
                 AND status IN {FAILED}
) AS member GROUP BY batch_id ORDER BY batch_id
"""


def cancel(job_id: uuid.UUID, reason: str = "Cancelled.") -> bool:
    """End a job: a waiting one at once; a running one is interrupted, or its process killed. False when it is over."""
    this, key = "id = %s", [str(job_id)]
    with transaction.atomic(), connection.cursor() as cursor:
        _hold_batches(cursor, this, key, "id")
        # Wait for the row's lock: a promotion or a sender of its unique key may hold it, and the job is not over then.
        cursor.execute(f"SELECT 1 FROM queues_job_live WHERE {this} FOR UPDATE", key)
        return end(f"{this} AND {HAS_NOT_STARTED}", key, cancelled(reason)) == 1 or _interrupt(this, key) == 1


def cancel_tagged(tag: str, reason: str = "Cancelled.") -> int:
    """End every unfinished job with this tag; returns how many."""
    tag = keys.tag(tag)
    return _end_all(enqueue.TAGGED, tag, reason) + _interrupt(enqueue.TAGGED, [tag])


def cancel_queue(queue_name: str, reason: str = "Cancelled.") -> int:
    """End every job of a queue that has not begun; running ones finish. Returns how many were cancelled."""
    return _end_all("queue_name = %s", queue_name, reason)


def retry(job_id: uuid.UUID, tries: int = 1) -> bool:
    """Make a dead job ready again with `tries` more runs; its id and history stay. False when it is not dead."""
    with transaction.atomic():
        if not take_up(job_id):
            return False
        changes = (
            "extra_tries = extra_tries + %s, deadline_at = NULL, losses = 0, alerted_at = NULL, cancel_at = NULL,"
            " progress_done = NULL, progress_total = NULL, "
        )
        return enqueue.make_ready("id = %s", [int(tries), str(job_id)], changes) == 1


def take_up(job_id: uuid.UUID) -> bool:
    """Lock a dead job among the unfinished ones, and count it as a pending member of its batches again.

    The caller's transaction then says what becomes of it. False when it is not dead.
    """
    with connection.cursor() as cursor:
        history.bring_back(DjangoConnection(cursor), "id = %s AND status = 'dead'", [str(job_id)])
        _hold_batches(cursor, "id = %s", [str(job_id)], "id")
        cursor.execute("SELECT 1 FROM queues_job_live WHERE id = %s AND status = 'dead' FOR UPDATE", [str(job_id)])
        if cursor.fetchone() is None:
            return False
    _reopen_for([job_id])
    return True


def run_now(job_id: uuid.UUID) -> bool:
    """Run a job now that waits for a time; False when it does not. A key or a limit still holds it back."""
    waits = f"status IN {LATER} AND run_at IS NOT NULL"
    return enqueue.make_ready(f"id = %s AND {waits}", [str(job_id)]) == 1


def end_overdue() -> int:
    """End jobs that wait past their deadline, visibly, with the last real error; returns how many."""
    late = f"status IN {LATER} AND deadline_at < statement_timestamp()"
    return end(late, [], overdue(), "deadline_at")


def end_expired() -> int:
    """Cancel unclaimed jobs that have not started before they expired; returns how many."""
    late = f"status IN {UNCLAIMED} AND expires_at < statement_timestamp()"
    return end(late, [], expired(), "expires_at")


def end(condition: str, params: Sequence[Any], outcome: Outcome, order: str = "id") -> int:
    """Settle the jobs that meet an SQL condition with this outcome and all its effects; at most a thousand at once."""
    with transaction.atomic(), connection.cursor() as cursor:
        database = DjangoConnection(cursor)
        _hold_batches(cursor, condition, params, order)
        claims = claim.take_where(database, NOBODY, condition, params, AT_ONCE, order)
        items = [Item(taken, outcome, time.monotonic()) for taken in claims]
        if items:
            enqueue.announce(settle(database, NOBODY, settings.CODE_VERSION, items).ready)
        if outcome.status == "cancelled":
            for begin in claims:
                if begin.actor_name == START:
                    # Nothing else would ever start, or end, the members of this batch.
                    cancel_batch(uuid.UUID(begin.kwargs["batch_id"]))
        return len(items)


def cancel_batch(batch_id: uuid.UUID) -> int:
    """Cancel the members that have not begun; running ones finish. Returns how many jobs were cancelled."""
    with transaction.atomic():
        if not rows_of("Batch").filter(pk=batch_id, status="open").update(status="cancelled"):
            return 0
        # The update above has locked the batch's row: no worker settles its members meanwhile.
        ended = 0
        condition = f"batch_id = %s AND {HAS_NOT_STARTED}"
        while count := end(condition, [str(batch_id)], cancelled("Its batch was cancelled.")):
            ended += count
        _finish_without_members(batch_id)
        return ended


def retry_batch(batch_id: uuid.UUID) -> int:
    """Run the dead and cancelled members again, as a new generation with its own callbacks."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM queues_batch WHERE id = %s FOR UPDATE", [str(batch_id)])
        history.bring_back(DjangoConnection(cursor), "batch_id = %s", [str(batch_id)])
        cursor.execute(
            f"SELECT id FROM queues_job_live WHERE batch_id = %s AND status IN {FAILED} ORDER BY id FOR UPDATE",
            [str(batch_id)],
        )
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return 0
        _reopen_for(ids)
        # A step that failed is back among the live ones; any other that has not completed is there too.
        first = "NOT EXISTS (SELECT 1 FROM queues_job_live AS earlier WHERE earlier.chain_id = queues_job_live.chain_id"
        first += " AND earlier.chain_step < queues_job_live.chain_step AND earlier.status <> 'completed')"
        listed = "id = ANY(%s::uuid[])"
        params: list[Any] = [[str(job_id) for job_id in ids]]
        changes = "status = 'waiting', finished_at = NULL, cancel_at = NULL"
        cursor.execute(f"UPDATE queues_job_live SET {changes} WHERE {listed}", params)
        if not is_waiting(batch_id):
            changes = "extra_tries = extra_tries + tries_spent, losses = 0, alerted_at = NULL, deadline_at = NULL, "
            enqueue.make_ready(f"{listed} AND {first}", params, changes)
        return len(ids)


def start_batch(batch_id: uuid.UUID) -> None:
    """Start the members of a batch that waits inside a chain; an empty batch is over at once.

    If the chain was cancelled before, the batch is cancelled too.
    """
    batch = rows_of("Batch").select_for_update().filter(pk=batch_id).first()
    if batch is None:
        return
    if rows_of("Job").filter(chain_id=batch.chain_id, chain_step__gte=0, status="cancelled").exists():
        cancel_batch(batch_id)
        return
    first = "(chain_step IS NULL OR chain_step = 0)"
    if not enqueue.make_ready(f"batch_id = %s AND status = 'waiting' AND {first}", [str(batch_id)]):
        finish_empty(batch_id)


def is_waiting(batch_id: uuid.UUID) -> bool:
    """Whether the batch is a step of a chain that has not reached it yet."""
    batch = rows_of("Batch").get(pk=batch_id)
    begin = Q(chain_id=batch.chain_id, chain_step=(batch.chain_step or 0) - 2)
    # The step that starts it is deleted long after it has completed.
    return batch.chain_id is not None and rows_of("Job").filter(begin).exclude(status="completed").exists()


def finish_empty(batch_id: uuid.UUID) -> None:
    """End an open batch that has no member left to wait for; the jobs that follow it start."""
    row = rows_of("Batch").select_for_update().filter(pk=batch_id, pending=0, status="open").first()
    if row is None:
        return
    rows_of("Batch").filter(pk=batch_id).update(status="finished", finished_at=Now())
    _call(called=[row.on_success_id, row.on_finish_id], uncalled=[row.on_failure_id])
    step = [row.chain_id, row.chain_step]
    if row.chain_id and not enqueue.make_ready("chain_id = %s AND chain_step = %s AND status = 'waiting'", step):
        unneeded = f"chain_id = %s AND chain_step = {CATCH} AND status = 'waiting'"
        end(unneeded, [row.chain_id], cancelled("Its chain succeeded."))


def rows_of(model: str) -> Any:
    """The manager of one of the engine's models: this module is loaded before they are."""
    return apps.get_model("queues", model).objects


def _hold_batches(cursor: CursorWrapper, condition: str, params: Sequence[Any], order: str) -> None:
    # Settling locks batches before jobs, so this must as well. Otherwise a member's failure that cancels the rest, and
    # a person who cancels one of them, would deadlock.
    cursor.execute(
        "SELECT id FROM queues_batch WHERE id IN ("
        f"SELECT batch_id FROM queues_job_live WHERE {condition} ORDER BY {order} LIMIT {AT_ONCE})"
        " ORDER BY id FOR UPDATE",
        params,
    )


def _end_all(condition: str, param: str, reason: str) -> int:
    ended = 0
    while count := end(f"{condition} AND {HAS_NOT_STARTED}", [param], cancelled(reason)):
        ended += count
    return ended


def _interrupt(condition: str, params: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE queues_job_live SET cancel_at = coalesce(cancel_at, clock_timestamp())"
            f" WHERE status = 'processing' AND {condition}",
            params,
        )
        return cursor.rowcount


def _reopen_for(job_ids: Sequence[uuid.UUID]) -> None:
    """Count the batch members to which these failed jobs belong as pending again, before the jobs are made ready."""
    ids = [str(job_id) for job_id in job_ids]
    with connection.cursor() as cursor:
        cursor.execute(LOCK_BATCHES_OF, [ids])
        cursor.execute(UNCOUNT, [ids, ids])
        for batch_id, members in cursor.fetchall():
            _reopen(batch_id, members)


def _reopen(batch_id: uuid.UUID, members: int) -> None:
    batch = rows_of("Batch").select_for_update().get(pk=batch_id)
    fresh: dict[str, uuid.UUID] = {}
    for field in ("on_success_id", "on_failure_id", "on_finish_id"):
        callback = rows_of("Job").filter(pk=getattr(batch, field)).first()
        if callback is not None and callback.status != "waiting":
            # It was sent, or ruled out, in the generation that ended: the new generation gets its own.
            fresh[field] = uuid7()
            again = {name: getattr(callback, name) for name in SENT}
            rows_of("Job").create(
                pk=fresh[field], status="waiting", day=LIVE_DAY, deadline_at=_fresh_deadline(callback), **again
            )
    rows_of("Batch").filter(pk=batch_id).update(
        pending=F("pending") + members,
        failed=F("failed") - members,
        status="open",
        finished_at=None,
        generation=F("generation") + 1,
        **fresh,
    )


def _fresh_deadline(job: Any) -> Any:
    """The deadline that its actor and message give it, as if it were sent now."""
    try:
        actor: Any = get_broker().get_actor(job.actor_name)
    except ActorNotFound:
        return job.deadline_at
    milliseconds = actor.word("deadline", job.options)
    return Now() + timedelta(milliseconds=milliseconds) if milliseconds else None


def _finish_without_members(batch_id: uuid.UUID) -> None:
    """End a cancelled batch that was empty: it has no member whose end would end it."""
    row = rows_of("Batch").get(pk=batch_id)
    if not row.total:
        rows_of("Batch").filter(pk=batch_id).update(finished_at=Now())
        _call(called=[row.on_finish_id], uncalled=[row.on_success_id, row.on_failure_id])


def _call(called: Iterable[uuid.UUID | None], uncalled: Iterable[uuid.UUID | None]) -> None:
    waiting = "id = ANY(%s::uuid[]) AND status = 'waiting'"
    enqueue.make_ready(waiting, [[str(job_id) for job_id in called if job_id]])
    end(waiting, [[str(job_id) for job_id in uncalled if job_id]], cancelled("Its batch ended otherwise."))
