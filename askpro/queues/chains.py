"""Chains: steps that run one after the other, each a row from the start, so that all of them are visible."""

import uuid
from collections.abc import Sequence
from typing import Any

from dramatiq import Message, get_broker

from askpro.queues import jobs
from askpro.queues.ids import uuid7


class Chain:
    """Messages in order. A step starts when the one before it has completed; a dead step halts the rest."""

    def __init__(self, messages: Sequence[Message[Any]]) -> None:
        if not messages:
            raise ValueError("A chain needs at least one step.")
        self.id = uuid7()
        self.messages = list(messages)

    def send(self) -> uuid.UUID:
        """Write all steps in the caller's transaction; the first is ready at its commit. Returns the chain's id."""
        broker = get_broker()
        jobs.insert(
            [
                broker.get_actor(message.actor_name).new_job(message, chain_id=self.id, chain_step=step)  # type: ignore[attr-defined]
                for step, message in enumerate(self.messages)
            ]
        )
        return self.id


def chain(messages: Sequence[Message[Any]]) -> Chain:
    """Build a chain of messages; `.send()` it inside a transaction."""
    return Chain(messages)
