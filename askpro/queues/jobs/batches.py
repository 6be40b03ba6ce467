"""Batches: jobs that belong together. Settle counts them; callbacks are sent once in each generation."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from dramatiq import Message, get_broker

from askpro.queues.ids import uuid7
from askpro.queues.jobs import interventions
from askpro.queues.jobs.messages import message_of, messages_of
from askpro.queues.ledger import enqueue
from askpro.queues.ledger.current import current
from askpro.queues.ledger.outcome import clean

Member = Message[Any] | Sequence[Message[Any]]


class BatchIsOver(Exception):
    """The batch has finished, failed or was cancelled: nothing can be added to it."""


class Batch:
    """Jobs that belong together; a list among them is a chain and counts as one member.

    `on_success` is sent when all members have completed, `on_failure` at the first failure, `on_finish` when all are
    over: each once, from the transaction that settles the last member. Without `allow_failures` the first failure
    cancels the members that have not begun. Everything is written in the caller's transaction; an empty batch is over
    at once. `unique_by` does not apply to members and callbacks: the batch waits for each of its own.
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
                interventions.finish_empty(self.id)
        return self.id

    def write(
        self, *, is_waiting: bool = False, chain_id: uuid.UUID | None = None, chain_step: int | None = None
    ) -> None:
        """Write the rows; with `is_waiting` the members do not start yet (a batch inside a chain)."""
        callbacks = {field: _callback(message) for field, message in self.callbacks.items()}
        interventions.rows_of("Batch").create(
            id=self.id,
            name=self.name,
            total=len(self.members),
            pending=len(self.members),
            allow_failures=self.allow_failures,
            chain_id=chain_id,
            chain_step=chain_step,
            **{field: job.id for field, job in callbacks.items()},
        )
        enqueue.insert([*_rows(self.id, self.members, is_waiting=is_waiting), *callbacks.values()])


def add(batch_id: uuid.UUID, members: Iterable[Member]) -> None:
    """Add members to an open batch, best from inside one of its jobs. Raises `BatchIsOver`."""
    members = _checked(members)
    with transaction.atomic():
        may_grow = Q(status="open") & (Q(allow_failures=True) | Q(failed=0))
        grown = (
            interventions.rows_of("Batch")
            .filter(may_grow, pk=batch_id)
            .update(total=F("total") + len(members), pending=F("pending") + len(members))
        )
        if not grown:
            raise BatchIsOver(BatchIsOver.__doc__)
        enqueue.insert(_rows(batch_id, members, is_waiting=interventions.is_waiting(batch_id)))


def current_id() -> uuid.UUID | None:
    """The batch of the running job, to add to or to cancel; None outside of one."""
    batch_id = current.claim.feature("batch") if current.claim else None
    return uuid.UUID(batch_id) if batch_id else None


def _checked(members: Iterable[Member]) -> list[Member]:
    """The members as messages and lists of them. Raises `TypeError` or `ValueError` with the fix."""
    if isinstance(members, Message):
        raise TypeError("Several messages are expected here, but this is one; put it into a list.")
    checked: list[Member] = [
        list(member) if isinstance(member, list | tuple) else message_of(member) for member in members
    ]
    if [] in checked:
        raise ValueError("An empty list among a batch's members could never be over; leave it out.")
    messages_of(message for member in checked for message in (member if isinstance(member, list) else [member]))
    return checked


def _rows(batch_id: uuid.UUID, members: Iterable[Member], *, is_waiting: bool = False) -> list[enqueue.NewJob]:
    rows: list[enqueue.NewJob] = []
    for member in members:
        if isinstance(member, Message):
            rows.append(_row(batch_id, member, is_waiting=is_waiting))
            continue
        chain_id = uuid7()
        for step, message in enumerate(member):
            row = _row(batch_id, message, is_waiting=is_waiting or step > 0)
            rows.append(replace(row, chain_id=chain_id, chain_step=step))
    return rows


def _row(batch_id: uuid.UUID, message: Message[Any], *, is_waiting: bool) -> enqueue.NewJob:
    return replace(row_of(message), batch_id=batch_id, is_waiting=is_waiting)


def _callback(message: Message[Any]) -> enqueue.NewJob:
    return replace(row_of(message), is_waiting=True)


def row_of(message: Message[Any]) -> enqueue.NewJob:
    """The row of a message that a batch or chain depends on: written even if a copy of it already waits."""
    broker: Any = get_broker()
    return replace(broker.row_of(message), unique_key=None)
