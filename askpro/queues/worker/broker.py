"""The broker that Dramatiq sees: enqueue writes rows, consume claims them."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

import dramatiq
from dramatiq import Message, Middleware
from dramatiq.errors import BrokerConnectionError, QueueNotFound
from dramatiq.middleware import Callbacks, Pipelines, Retries

from askpro.queues.jobs import messages
from askpro.queues.jobs.words import WORDS
from askpro.queues.ledger import enqueue
from askpro.queues.ledger.database import CONNECTION_ERRORS
from askpro.queues.worker.consumer import LedgerConsumer
from askpro.queues.worker.dramatiq_cli import Guest
from askpro.queues.worker.workload import Workload

# Settle does their work: Dramatiq swallows an exception in a hook, and a retry or a callback would be lost with it.
REPLACED = (Retries, Callbacks, Pipelines)


class LedgerBroker(dramatiq.Broker):
    """Writes sent messages as rows, and gives Dramatiq its consumers of claimed rows."""

    def __init__(self, middleware: list[Middleware] | None = None) -> None:
        super().__init__(middleware=middleware or [])
        self.actor_options |= WORDS
        self.workload: Workload | None = None
        # Set when Dramatiq's own command started this process.
        self.worker: dramatiq.Worker | None = None
        self.guest: Guest | None = None
        # Queues in which tenants take turns: those with jobs that name a tenant (`fair_by`).
        self.fair_queues: set[str] = set()
        self._boarding = Lock()
        for replaced in self.middleware:
            if isinstance(replaced, REPLACED):
                raise ValueError(f"{type(replaced).__name__} has no place here: settle does its work. Remove it.")

    def declare_actor(self, actor: dramatiq.Actor[Any, Any]) -> None:
        super().declare_actor(actor)
        if actor.options.get("fair_by") is not None:
            self.fair_queues.add(actor.queue_name)

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = True
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Write the message as a row, in the caller's transaction; `delay` in milliseconds, of any length."""
        standing = self.send_many([message], delay=delay).get(message.message_id)
        return replace(message, message_id=standing) if standing else message

    def send_many(self, messages: Sequence[Message[Any]], *, delay: int | None = None) -> dict[str, str]:
        """Write many messages, a thousand per statement.

        A message is not written when a copy with its unique key already waits; returns that copy's id by message id.
        """
        for message in messages:
            if message.queue_name not in self.queues:
                raise QueueNotFound(message.queue_name)  # type: ignore[no-untyped-call]
        return enqueue.insert([self._actor(message).new_job(message, delay) for message in messages])

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30000) -> LedgerConsumer:
        """A consumer of one queue. `prefetch` is ignored: the size of a claim follows what the threads get done."""
        is_fair = queue_name in self.fair_queues
        return LedgerConsumer(self, self._own_workload(), queue_name, timeout, is_fair=is_fair)

    def _own_workload(self) -> Workload:
        with self._boarding:
            if self.workload is None:
                if self.worker is None:
                    raise RuntimeError("This process works no queues: start it with `manage.py queues_run`.")
                try:
                    self.guest = Guest(self.worker)
                except CONNECTION_ERRORS as error:
                    raise BrokerConnectionError(type(error).__name__) from error  # type: ignore[no-untyped-call]
                self.workload = self.guest.workload
            return self.workload

    def _actor(self, message: Message[Any]) -> Any:
        return self.get_actor(message.actor_name)


messages.refuse(LedgerBroker)
