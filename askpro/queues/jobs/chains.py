"""Chains: steps that run one after the other, each a row from the start, so that all of them are visible."""

import uuid
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from django.db import connection, transaction
from dramatiq import Message, get_broker

from askpro.queues.ids import uuid7
from askpro.queues.jobs import interventions
from askpro.queues.jobs.batches import Batch, row_of
from askpro.queues.jobs.messages import message_of, messages_of
from askpro.queues.ledger import enqueue
from askpro.queues.ledger.current import current
from askpro.queues.ledger.outcome import cancelled
from askpro.queues.ledger.settle_sql import CATCH, START
from askpro.queues.states import FAILED_DAY, LIVE_DAY

# The number of the last step. A batch takes two numbers: its start has a row, the one after it has none.
LAST = """
SELECT greatest(max(chain_step), (SELECT max(chain_step) - 1 FROM queues_batch WHERE chain_id = %(chain_id)s))
  FROM queues_job_live WHERE chain_id = %(chain_id)s
"""
# Batches before jobs, and jobs by id, as settling does. Whoever cancels a waiting step has to wait until the new steps
# are there: else it would leave them behind, to wait for ever.
HOLD_BATCH = "SELECT 1 FROM queues_batch WHERE id = %s FOR UPDATE"
HOLD_STEPS = "SELECT 1 FROM queues_job_live WHERE chain_id = %s AND status = 'waiting' ORDER BY id FOR UPDATE"
IS_CANCELLED = f"""
SELECT EXISTS (SELECT 1 FROM queues_job WHERE chain_id = %s AND chain_step >= 0 AND status = 'cancelled'
                  AND day IN ('{LIVE_DAY}', '{FAILED_DAY}'))
"""
Step = Message[Any] | Batch


class NotInChain(RuntimeError):
    """Only a job that is a step of a chain can append to it."""


class Chain:
    """Steps in order. A step starts when the one before it has completed; a dead or cancelled step halts the rest.

    A batch among the steps has completed when all its members have. `catch` is sent when a step is dead or cancelled.
    Retrying the dead step resumes the chain there. Every step runs: `unique_by` does not merge a step with a copy that
    already waits.
    """

    def __init__(self, steps: Iterable[Step], catch: Message[Any] | None = None) -> None:
        self.id = uuid7()
        self.steps = _checked(steps)
        self.catch = None if catch is None else message_of(catch)

    def send(self) -> uuid.UUID:
        """Write all steps in the caller's transaction; the first is ready when that commits. Returns the chain's id."""
        has_batch = any(isinstance(step, Batch) for step in self.steps)
        with transaction.atomic() if has_batch else nullcontext():
            enqueue.insert(self._rows())
        return self.id

    def _rows(self) -> list[enqueue.NewJob]:
        rows = [] if self.catch is None else [_row(self.id, self.catch, CATCH)]
        number = 0
        for step in self.steps:
            if isinstance(step, Batch):
                # Its own step only starts the batch. The next number is left out, so that no step follows at once.
                step.write(is_waiting=True, chain_id=self.id, chain_step=number + 2)
                rows.append(_row(self.id, _start_of(step), number))
                number += 2
            else:
                rows.append(_row(self.id, step, number))
                number += 1
        return rows


def chain(steps: Iterable[Step], *, catch: Message[Any] | None = None) -> Chain:
    """Build a chain of messages and batches; `.send()` it inside a transaction."""
    return Chain(steps, catch)


def append(messages: Sequence[Message[Any]]) -> None:
    """Add steps to the end of the chain of the running job, best in its transaction. Raises `NotInChain`.

    If a step of the chain was cancelled meanwhile, the new ones are cancelled, too.
    """
    claim = current.claim
    chain_id = claim.feature("chain") if claim else None
    if claim is None or chain_id is None:
        raise NotInChain(NotInChain.__doc__)
    batch_id = claim.feature("batch")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(HOLD_BATCH, [batch_id])
        cursor.execute(HOLD_STEPS, [chain_id])
        cursor.execute(LAST, {"chain_id": chain_id})
        (last,) = cursor.fetchone()
        rows = [_row(uuid.UUID(chain_id), message, last + 1 + n) for n, message in enumerate(messages_of(messages))]
        enqueue.insert([replace(row, batch_id=batch_id and uuid.UUID(batch_id)) for row in rows])
        cursor.execute(IS_CANCELLED, [chain_id])
        if cursor.fetchone()[0]:
            ids = [str(row.id) for row in rows]
            interventions.end("id = ANY(%s::uuid[])", [ids], cancelled("Its chain was cancelled."))


def _checked(steps: Iterable[Step]) -> list[Step]:
    """The steps as messages and batches. Raises `TypeError` or `ValueError` with the fix."""
    if isinstance(steps, Message | Batch):
        raise TypeError("Several steps are expected here, but this is one; put it into a list.")
    checked = list(steps)
    if not checked:
        raise ValueError("A chain needs at least one step.")
    if any(isinstance(step, list | tuple) for step in checked):
        raise TypeError("A step of a chain is a message or a batch; write Batch([…]) for jobs side by side.")
    messages_of(step for step in checked if not isinstance(step, Batch))
    return checked


def _row(chain_id: uuid.UUID, message: Message[Any], step: int) -> enqueue.NewJob:
    return replace(row_of(message), chain_id=chain_id, chain_step=step, is_waiting=step != 0)


def _start_of(batch: Batch) -> Message[Any]:
    return get_broker().get_actor(START).message(batch_id=str(batch.id))
