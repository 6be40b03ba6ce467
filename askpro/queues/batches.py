"""Batches: jobs that belong together, counted by settle; callbacks once in each generation."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from dramatiq import Message, get_broker

from askpro.queues import jobs
from askpro.queues.composition import message_of, messages_of
from askpro.queues.ids import uuid7
from askpro.queues.outcome import cancelled, clean
from askpro.queues.running import current
from askpro.queues.settle_sql import CATCH

Member = Message[Any] | Sequence[Message[Any]]

LOCK_BATCHES_OF = """
SELECT id FROM queues_batch WHERE id IN (SELECT batch_id FROM queues_job WHERE id = ANY(%s::uuid[]))
 ORDER BY id FOR UPDATE
"""
UNCOUNT = """
WITH uncounted AS (
    DELETE FROM queues_batchmember AS member USING queues_job AS job
     WHERE job.id = ANY(%s::uuid[]) AND job.status IN ('dead', 'cancelled') AND member.chain_id = job.chain_id
 RETURNING member.batch_id
)
SELECT batch_id, count(*) FROM (
    SELECT batch_id FROM uncounted
    UNION ALL SELECT batch_id FROM queues_job
               WHERE id = ANY(%s::uuid[]) AND chain_id IS NULL AND batch_id IS NOT NULL
                 AND status IN ('dead', 'cancelled')
) AS member GROUP BY batch_id ORDER BY batch_id
"""


class BatchIsOver(Exception):
    """The batch has finished, failed or was cancelled: nothing can be added to it."""


class Batch:
    """Jobs that belong together; a list among them is a chain and counts as one member.

    `on_success` is sent when all members have completed, `on_failure` at the first failure, `on_finish` when all are
    over: each once, from the transaction that settles the last member. Without `allow_failures` the first failure
    cancels what has not begun. Everything is written in the caller's transaction; an empty batch is over at once.
    `unique_by` does not hold for members and callbacks: the batch waits for each of its own.
    """

    def __init__(
        self,
        members: Iterable[Member] = (),
        *,
        name: str = "",
        allow_failures: bool = False,
        on_success: Message[Any] | None = None,
        on_failure: Message[Any] | None = None,
        on_finish: Message[Any] | None = None,
    ) -> None:
        called = {"on_success_id": on_success, "on_failure_id": on_failure, "on_finish_id": on_finish}
        self.id = uuid7()
        self.members = _checked(members)
        self.name = clean(name, 200)
        self.allow_failures = allow_failures
        self.callbacks = {field: message_of(message) for field, message in called.items() if message is not None}

    def send(self) -> uuid.UUID:
        """Write the batch, its members and its callbacks; returns its id."""
        with transaction.atomic():
            self.write()
            if not self.members:
                _finish_empty(self.id)
        return self.id

    def write(
        self, *, is_waiting: bool = False, chain_id: uuid.UUID | None = None, chain_step: int | None = None
    ) -> None:
        """Write the rows; with `is_waiting` the members do not start yet (a batch inside a chain)."""
        callbacks = {field: _callback(message) for field, message in self.callbacks.items()}
        _model().objects.create(
            id=self.id,
            name=self.name,
            total=len(self.members),
            pending=len(self.members),
            allow_failures=self.allow_failures,
            chain_id=chain_id,
            chain_step=chain_step,
            **{field: job.id for field, job in callbacks.items()},
        )
        jobs.insert([*_rows(self.id, self.members, is_waiting=is_waiting), *callbacks.values()])


def add(batch_id: uuid.UUID, members: Iterable[Member]) -> None:
    """Add members to an open batch, best from inside one of its jobs. Raises `BatchIsOver`."""
    members = _checked(members)
    with transaction.atomic():
        may_grow = Q(status="open") & (Q(allow_failures=True) | Q(failed=0))
        grown = (
            _model()
            .objects.filter(may_grow, pk=batch_id)
            .update(total=F("total") + len(members), pending=F("pending") + len(members))
        )
        if not grown:
            raise BatchIsOver(BatchIsOver.__doc__)
        jobs.insert(_rows(batch_id, members, is_waiting=_is_waiting(batch_id)))


def current_id() -> uuid.UUID | None:
    """The batch of the running job, to add to or to cancel; None outside of one."""
    batch_id = current.claim.feature("batch") if current.claim else None
    return uuid.UUID(batch_id) if batch_id else None


def cancel(batch_id: uuid.UUID) -> int:
    """Cancel what has not begun; running members finish. Returns how many jobs were cancelled."""
    from askpro.queues import acts  # acts reopen batches

    with transaction.atomic():
        if not _model().objects.filter(pk=batch_id, status="open").update(status="cancelled"):
            return 0
        # The update above holds the batch's row: nobody settles its members meanwhile.
        ended = 0
        while count := acts.end(
            f"batch_id = %s AND {acts.NOT_STARTED}", [str(batch_id)], cancelled("Its batch was cancelled.")
        ):
            ended += count
        _finish_without_members(batch_id)
        return ended


def retry_failed(batch_id: uuid.UUID) -> int:
    """Run the dead and cancelled members again, as a new generation with callbacks of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM queues_batch WHERE id = %s FOR UPDATE", [str(batch_id)])
        cursor.execute(
            "SELECT id FROM queues_job WHERE batch_id = %s AND status IN ('dead', 'cancelled') ORDER BY id FOR UPDATE",
            [str(batch_id)],
        )
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return 0
        reopen_for(ids)
        first = "NOT EXISTS (SELECT 1 FROM queues_job AS earlier WHERE earlier.chain_id = queues_job.chain_id"
        first += " AND earlier.chain_step < queues_job.chain_step AND earlier.status <> 'completed')"
        listed = "id = ANY(%s::uuid[])"
        params: list[Any] = [[str(job_id) for job_id in ids]]
        cursor.execute(
            f"UPDATE queues_job SET status = 'waiting', finished_at = NULL, cancel_at = NULL WHERE {listed}", params
        )
        if not _is_waiting(batch_id):
            changes = "extra_tries = extra_tries + tries_spent, losses = 0, alerted_at = NULL, deadline_at = NULL, "
            jobs.make_ready(f"{listed} AND {first}", params, changes)
        return len(ids)


def reopen_for(job_ids: Sequence[uuid.UUID]) -> None:
    """Count the members to which these failed jobs belong as pending again, before they are made ready."""
    ids = [str(job_id) for job_id in job_ids]
    with connection.cursor() as cursor:
        cursor.execute(LOCK_BATCHES_OF, [ids])
        cursor.execute(UNCOUNT, [ids, ids])
        for batch_id, members in cursor.fetchall():
            _reopen(batch_id, members)


def _reopen(batch_id: uuid.UUID, members: int) -> None:
    Job = apps.get_model("queues", "Job")
    batch = _model().objects.select_for_update().get(pk=batch_id)
    fresh: dict[str, uuid.UUID] = {}
    for field in ("on_success_id", "on_failure_id", "on_finish_id"):
        callback = Job.objects.filter(pk=getattr(batch, field)).first()
        if callback is not None and callback.status != "waiting":
            # It was sent, or ruled out, in the generation that ended: the new one has its own.
            fresh[field] = uuid7()
            callback.pk, callback.status = fresh[field], "waiting"
            callback.ready_at = callback.finished_at = None
            callback.claim_no = callback.tries_spent = callback.extra_tries = callback.releases = 0
            callback.save(force_insert=True)
    _model().objects.filter(pk=batch_id).update(
        pending=F("pending") + members,
        failed=F("failed") - members,
        status="open",
        finished_at=None,
        generation=F("generation") + 1,
        **fresh,
    )


def _checked(members: Iterable[Member]) -> list[Member]:
    """The members as messages and lists of them. Raises `TypeError` or `ValueError` with the fix."""
    if isinstance(members, Message):
        raise TypeError("One message stands where several are wanted; put it into a list.")
    checked: list[Member] = [
        list(member) if isinstance(member, list | tuple) else message_of(member) for member in members
    ]
    if [] in checked:
        raise ValueError("An empty list among a batch's members could never be over; leave it out.")
    messages_of(message for member in checked for message in (member if isinstance(member, list) else [member]))
    return checked


def _rows(batch_id: uuid.UUID, members: Iterable[Member], *, is_waiting: bool = False) -> list[jobs.NewJob]:
    rows: list[jobs.NewJob] = []
    for member in members:
        if isinstance(member, Message):
            rows.append(_row(batch_id, member, is_waiting=is_waiting))
            continue
        chain_id = uuid7()
        for step, message in enumerate(member):
            row = _row(batch_id, message, is_waiting=is_waiting or step > 0)
            rows.append(replace(row, chain_id=chain_id, chain_step=step))
    return rows


def _row(batch_id: uuid.UUID, message: Message[Any], *, is_waiting: bool) -> jobs.NewJob:
    return replace(row_of(message), batch_id=batch_id, is_waiting=is_waiting)


def _callback(message: Message[Any]) -> jobs.NewJob:
    return replace(row_of(message), is_waiting=True)


def row_of(message: Message[Any]) -> jobs.NewJob:
    """The row of a message that others count on: it is written whatever copy of it waits already."""
    actor: Any = get_broker().get_actor(message.actor_name)
    return replace(actor.new_job(message), unique_key=None)


def start(batch_id: uuid.UUID) -> None:
    """Let the members of a batch that waits inside a chain begin; an empty one is over at once.

    Where the chain was cancelled before, so is the batch.
    """
    batch = _model().objects.select_for_update().filter(pk=batch_id).first()
    if batch is None:
        return
    Job = apps.get_model("queues", "Job")
    if Job.objects.filter(chain_id=batch.chain_id, chain_step__gte=0, status="cancelled").exists():
        cancel(batch_id)
        return
    first = "(chain_step IS NULL OR chain_step = 0)"
    if not jobs.make_ready(f"batch_id = %s AND status = 'waiting' AND {first}", [str(batch_id)]):
        _finish_empty(batch_id)


def _is_waiting(batch_id: uuid.UUID) -> bool:
    """Whether the batch is a step of a chain that has not come to it yet."""
    batch = _model().objects.get(pk=batch_id)
    begin = Q(chain_id=batch.chain_id, chain_step=(batch.chain_step or 0) - 2)
    Job = apps.get_model("queues", "Job")
    return batch.chain_id is not None and not Job.objects.filter(begin, status="completed").exists()


def _finish_empty(batch_id: uuid.UUID) -> None:
    from askpro.queues import acts  # acts reopen batches

    row = _model().objects.select_for_update().filter(pk=batch_id, pending=0, status="open").first()
    if row is None:
        return
    _model().objects.filter(pk=batch_id).update(status="finished", finished_at=Now())
    _call(called=[row.on_success_id, row.on_finish_id], uncalled=[row.on_failure_id])
    step = [row.chain_id, row.chain_step]
    if row.chain_id and not jobs.make_ready("chain_id = %s AND chain_step = %s AND status = 'waiting'", step):
        unneeded = f"chain_id = %s AND chain_step = {CATCH} AND status = 'waiting'"
        acts.end(unneeded, [row.chain_id], cancelled("Its chain succeeded."))


def _finish_without_members(batch_id: uuid.UUID) -> None:
    """A cancelled batch that was empty: no member's end tells that it is over."""
    row = _model().objects.get(pk=batch_id)
    if not row.total:
        _model().objects.filter(pk=batch_id).update(finished_at=Now())
        _call(called=[row.on_finish_id], uncalled=[row.on_success_id, row.on_failure_id])


def _call(called: Iterable[uuid.UUID | None], uncalled: Iterable[uuid.UUID | None]) -> None:
    from askpro.queues import acts  # acts reopen batches

    waiting = "id = ANY(%s::uuid[]) AND status = 'waiting'"
    jobs.make_ready(waiting, [[str(job_id) for job_id in called if job_id]])
    acts.end(waiting, [[str(job_id) for job_id in uncalled if job_id]], cancelled("Its batch ended otherwise."))


def _model() -> Any:
    # This module is loaded before the models are.
    return apps.get_model("queues", "Batch")
