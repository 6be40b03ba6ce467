"""What happens around each job inside a worker."""

import time
from typing import Any

import dramatiq
from django.db import close_old_connections, connections
from dramatiq import MessageProxy, Middleware
from dramatiq.middleware import MiddlewareError, SkipMessage
from dramatiq.threading import Interrupt


class NotStarted(MiddlewareError):
    """The engine could not note the start of a job, so it must not run."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class NotOurs(SkipMessage):
    """Others may have the job by now: here it does not start."""


class StartOfJobs(Middleware):
    """Notes the start of each job where a crash cannot lose it. First in the list: nothing runs before it.

    A process that was stopped, or whose host slept, still has jobs that were given to others meanwhile: it skips them.
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
        except Exception as error:  # anything else would be swallowed by Dramatiq, and the job would run unseen
            raise NotStarted from error
        if claim.skipped:
            raise NotOurs


class Rest(Middleware):
    """A pause before each job, in seconds. Before `StartOfJobs`: it is no part of the run."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        time.sleep(self._seconds)


class DatabaseConnections(Middleware):
    """Django's connections between jobs: closed when they are old, broken, or were interrupted half-way."""

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
    """Lets Dramatiq's own commands work the queues: theirs is the process, the rows and the settling are the broker's.

    Boarding waits for the first consumer, which is started again until PostgreSQL is there; a hook would not be.
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
    """Close this thread's connections and drop Django's objects: an interrupt inside `atomic` leaves one that believes
    to be in a transaction for ever, and refuses to connect again."""
    for alias in list(connections):
        connections[alias].close()
        del connections[alias]
