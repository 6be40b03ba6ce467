"""What happens around each job inside a worker."""

import time
from typing import Any

import dramatiq
from django.db import close_old_connections, connections
from dramatiq import MessageProxy, Middleware
from dramatiq.middleware import MiddlewareError, SkipMessage
from dramatiq.threading import Interrupt

from askpro.queues.states import JobStatus
from askpro.queues.worker.message import LedgerMessage

# The ends of a job that failed.
FAILURES = frozenset({JobStatus.DEAD.value, JobStatus.CANCELLED.value})


class NotStarted(MiddlewareError):
    """The engine could not record the start of the job, so the job must not run."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class NotOurs(SkipMessage):
    """Another worker may have the job by now, so it does not start here."""


class StartOfJobs(Middleware):
    """Records the start of each job where a crash cannot lose it. First in the list: nothing runs before it, and
    nothing after it when a run has ended.

    A process that was suspended, or whose host slept, may still hold jobs that other workers were given meanwhile: it
    skips them.
    """

    def before_process_message(self, broker: Any, message: MessageProxy) -> None:
        claim = getattr(message, "claim", None)
        if claim is None or broker.workload is None:
            return
        limit = broker.get_actor(message.actor_name).word("time_limit", message.options)
        try:
            claim.skipped = not broker.workload.is_ours(claim)
            if not claim.skipped:
                broker.workload.starting(claim, limit / 1000)
        except Exception as error:  # Dramatiq would swallow anything else, and the job would run unrecorded
            raise NotStarted from error
        if claim.skipped:
            raise NotOurs

    def after_process_message(
        self,
        broker: Any,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """Mark the message as failed where the job ends with its error, so that middleware hears of a `nack`."""
        if exception is None or not isinstance(message, LedgerMessage):
            return
        message.outcome = broker.get_actor(message.actor_name).outcome(message.claim, exception)
        if message.outcome.status in FAILURES:
            message.fail()


class Rest(Middleware):
    """A pause of some seconds before each job. Placed before `StartOfJobs`, so that it does not count as run time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        time.sleep(self._seconds)


class DatabaseConnections(Middleware):
    """Closes Django's connections between jobs when they are too old, broken, or were interrupted half-way."""

    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        close_old_connections()

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        if isinstance(exception, Interrupt):
            _forget_connections()

    def after_worker_thread_shutdown(self, broker: dramatiq.Broker, thread: Any) -> None:
        connections.close_all()

    before_consumer_thread_shutdown = after_worker_thread_shutdown


class GuestWorkers(Middleware):
    """Lets Dramatiq's own commands work the queues: the process belongs to Dramatiq; rows and settling to the broker.

    The broker writes the process's rows when the first consumer is made, not in a hook: Dramatiq makes the consumer
    again until PostgreSQL answers, but would not repeat a hook.
    """

    def before_worker_boot(self, broker: Any, worker: dramatiq.Worker) -> None:
        broker.worker = worker

    def before_worker_shutdown(self, broker: Any, worker: dramatiq.Worker) -> None:
        if broker.guest is not None:
            broker.guest.stop()

    def after_worker_shutdown(self, broker: Any, worker: dramatiq.Worker) -> None:
        if broker.guest is not None:
            broker.guest.leave()


def _forget_connections() -> None:
    """Close this thread's connections and drop Django's objects for them: an interrupt inside `atomic` leaves an object
    that believes for ever that it is in a transaction, and that refuses to connect again."""
    for alias in list(connections):
        connections[alias].close()
        del connections[alias]
