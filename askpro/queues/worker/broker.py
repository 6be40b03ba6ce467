"""The broker that Dramatiq sees: enqueue writes rows, consume claims them."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

import dramatiq
from dramatiq import Message, Middleware
from dramatiq.errors import BrokerConnectionError, QueueNotFound
from dramatiq.middleware import MiddlewareError

from askpro.queues.jobs import dramatiq_words, interventions, messages
from askpro.queues.jobs.actor import LedgerActor
from askpro.queues.jobs.adopting import adopt
from askpro.queues.jobs.words import WORDS
from askpro.queues.ledger import enqueue
from askpro.queues.ledger.database import CONNECTION_ERRORS
from askpro.queues.ledger.enqueue import NewJob
from askpro.queues.worker.consumer import LedgerConsumer
from askpro.queues.worker.dramatiq_cli import Guest
from askpro.queues.worker.joining import wait_for
from askpro.queues.worker.refused import refuse
from askpro.queues.worker.workload import Workload

# Why a job was cancelled that `flush` met.
FLUSHED = "Its queue was flushed."


class LedgerBroker(dramatiq.Broker):
    """Writes sent messages as rows, and gives Dramatiq its consumers of claimed rows."""

    def __init__(self, middleware: list[Middleware] | None = None) -> None:
        # For each hook the middleware that has one of its own, as long as there is this middleware.
        self._hearing: dict[str, list[Middleware]] = {}
        self._heard_by: list[Middleware] = []
        super().__init__(middleware=middleware or [])
        self.actor_options |= WORDS | dramatiq_words.NAMES
        self.workload: Workload | None = None
        # Set when Dramatiq's own command started this process.
        self.worker: dramatiq.Worker | None = None
        self.guest: Guest | None = None
        # Queues in which tenants take turns: those with jobs that name a tenant (`fair_by`).
        self.fair_queues: set[str] = set()
        self._boarding = Lock()

    def add_middleware(
        self, middleware: Middleware, *, before: type[Middleware] | None = None, after: type[Middleware] | None = None
    ) -> None:
        """Raises `ValueError` for one that would not do here what it does elsewhere, with the cure."""
        refuse(middleware)
        super().add_middleware(middleware, before=before, after=after)

    def emit_before(self, signal: str, *args: Any, **kwargs: Any) -> None:
        """Dramatiq calls every hook of every middleware, thirty or more for a job, most of which do nothing: they take
        longer than an empty job's own work. Here only those are called that do something."""
        hook = f"before_{signal}"
        for middleware in self._that_hear(hook):
            try:
                getattr(middleware, hook)(self, *args, **kwargs)
            except MiddlewareError:
                raise
            except Exception:  # noqa: BLE001 - as in Dramatiq
                self._failed(hook, middleware)

    def emit_after(self, signal: str, *args: Any, **kwargs: Any) -> None:
        """The same, in reverse order."""
        hook = f"after_{signal}"
        for middleware in reversed(self._that_hear(hook)):
            try:
                getattr(middleware, hook)(self, *args, **kwargs)
            except Exception:  # noqa: BLE001 - as in Dramatiq
                self._failed(hook, middleware)

    def declare_actor(self, actor: dramatiq.Actor[Any, Any]) -> None:
        """An actor of `dramatiq.actor` becomes one of ours. Raises `ValueError` or `TypeError` where it cannot."""
        if not isinstance(actor, LedgerActor):
            adopt(actor)
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
            self._check(message.queue_name)
        if self._tells_of_sends():
            return self._send_and_tell(messages, delay)
        return enqueue.insert([self._new_job(message, delay) for message in messages])

    def row_of(self, message: Message[Any]) -> NewJob:
        """The row of a message that the caller's next statement writes, with others: a member or a step."""
        if not self._tells_of_sends():
            return self._new_job(message, None)
        self.emit_before("enqueue", message, None)
        row = self._new_job(message, None)
        self.emit_after("enqueue", message, None)
        return row

    def flush(self, queue_name: str) -> None:
        """Cancel all jobs of a queue that have not begun."""
        self._check(queue_name)
        interventions.cancel_queue(queue_name, FLUSHED)

    def flush_all(self) -> None:
        """Cancel all jobs that have not begun, callbacks of what is cancelled included."""
        while sum(interventions.cancel_queue(queue_name, FLUSHED) for queue_name in self.get_declared_queues()):
            pass

    def join(self, queue_name: str, *, interval: int = 100, timeout: int | None = None) -> None:
        """Wait, looking every `interval` milliseconds, until no job of the queue waits or runs; later steps of chains
        come into their queue one after the other. Raises `QueueJoinTimeout` after `timeout` milliseconds, and
        `RuntimeError` inside a transaction, whose jobs no worker could see."""
        self._check(queue_name)
        wait_for(queue_name, interval, timeout)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30000) -> LedgerConsumer:
        """A consumer of one queue. `prefetch` is ignored: the size of a claim follows what the threads get done."""
        is_fair = queue_name in self.fair_queues
        return LedgerConsumer(self, self._own_workload(), queue_name, timeout, is_fair=is_fair)

    def _tells_of_sends(self) -> bool:
        """Whether a middleware wants to hear of messages that are sent."""
        return bool(self._that_hear("before_enqueue") or self._that_hear("after_enqueue"))

    def _that_hear(self, hook: str) -> list[Middleware]:
        if self._heard_by != self.middleware:
            self._heard_by, self._hearing = [*self.middleware], {}
        if hook not in self._hearing:
            self._hearing[hook] = [middleware for middleware in self._heard_by if _has_own(middleware, hook)]
        return self._hearing[hook]

    def _failed(self, hook: str, middleware: Middleware) -> None:
        self.logger.critical("Unexpected failure in %s of %r.", hook, middleware, exc_info=True)

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

    def _check(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            raise QueueNotFound(queue_name)  # type: ignore[no-untyped-call]

    def _send_and_tell(self, messages: Sequence[Message[Any]], delay: int | None) -> dict[str, str]:
        for message in messages:
            self.emit_before("enqueue", message, delay)
        standing = enqueue.insert([self._new_job(message, delay) for message in messages])
        for message in messages:
            if message.message_id not in standing:
                self.emit_after("enqueue", message, delay)
        return standing

    def _new_job(self, message: Message[Any], delay: int | None) -> NewJob:
        actor: Any = self.get_actor(message.actor_name)
        job: NewJob = actor.new_job(message, delay)
        return job


messages.refuse(LedgerBroker)


def _has_own(middleware: Middleware, hook: str) -> bool:
    return hook in vars(middleware) or getattr(type(middleware), hook, None) is not getattr(Middleware, hook, None)
