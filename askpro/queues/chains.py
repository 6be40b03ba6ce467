"""Chains: steps that run one after the other, each a row from the start, so that all of them are visible."""

import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from django.db import connection, transaction
from dramatiq import Message, get_broker

from askpro.queues import jobs
from askpro.queues.batches import Batch
from askpro.queues.ids import uuid7
from askpro.queues.running import current
from askpro.queues.settle_sql import CATCH

# A batch has no row of its own between its start and the number after it, which the next step has.
LAST = """
SELECT greatest(max(chain_step), (SELECT max(chain_step) - 1 FROM queues_batch WHERE chain_id = %(chain_id)s))
  FROM queues_job WHERE chain_id = %(chain_id)s
"""
Step = Message[Any] | Batch


class NotInChain(RuntimeError):
    """Only a job that is a step of a chain can append to it."""


class Chain:
    """Steps in order. One starts when the one before it has completed; a dead or cancelled one halts the rest.

    A batch among the steps is through when all its members have completed. `catch` is sent when a step is dead or
    cancelled. Retrying the dead step resumes the chain there.
    """

    def __init__(self, steps: Sequence[Step], catch: Message[Any] | None = None) -> None:
        if not steps:
            raise ValueError("A chain needs at least one step.")
        self.id = uuid7()
        self.steps = list(steps)
        self.catch = catch

    def send(self) -> uuid.UUID:
        """Write all steps in the caller's transaction; the first is ready at its commit. Returns the chain's id."""
        has_batch = any(isinstance(step, Batch) for step in self.steps)
        with transaction.atomic() if has_batch else nullcontext():
            jobs.insert(self._rows())
        return self.id

    def _rows(self) -> list[jobs.NewJob]:
        rows = [] if self.catch is None else [_row(self.id, self.catch, CATCH)]
        number = 0
        for step in self.steps:
            if isinstance(step, Batch):
                # Its own step only lets it begin; the number after that is left out, so that nothing follows at once.
                step.write(is_waiting=True, chain_id=self.id, chain_step=number + 2)
                rows.append(_row(self.id, _start_of(step), number))
                number += 2
            else:
                rows.append(_row(self.id, step, number))
                number += 1
        return rows


def chain(steps: Sequence[Step], *, catch: Message[Any] | None = None) -> Chain:
    """Build a chain of messages and batches; `.send()` it inside a transaction."""
    return Chain(steps, catch)


def append(messages: Sequence[Message[Any]]) -> None:
    """Add steps to the end of the chain of the running job, best in its transaction. Raises `NotInChain`."""
    chain_id = current.claim.feature("chain") if current.claim else None
    if chain_id is None:
        raise NotInChain(NotInChain.__doc__)
    with connection.cursor() as cursor:
        cursor.execute(LAST, {"chain_id": chain_id})
        (last,) = cursor.fetchone()
    jobs.insert([_row(uuid.UUID(chain_id), message, last + 1 + n) for n, message in enumerate(messages)])


def _row(chain_id: uuid.UUID, message: Message[Any], step: int) -> jobs.NewJob:
    actor: Any = get_broker().get_actor(message.actor_name)
    # No other copy can stand for a step (`unique_by`): the next one waits for this very row.
    return replace(actor.new_job(message), chain_id=chain_id, chain_step=step, is_waiting=step != 0, unique_key=None)


def _start_of(batch: Batch) -> Message[Any]:
    return get_broker().get_actor("start_batch").message(batch_id=str(batch.id))
