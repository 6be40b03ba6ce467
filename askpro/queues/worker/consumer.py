"""The consumer of one queue: hands the jobs that its intake has claimed to Dramatiq's threads and settles them."""

import heapq
import logging
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

import dramatiq
from dramatiq import MessageProxy
from dramatiq.errors import BrokerConnectionError
from dramatiq.threading import Interrupt

from askpro.queues.jobs import failures
from askpro.queues.ledger import limits
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import CONNECTION_ERRORS
from askpro.queues.ledger.outcome import Outcome, waits_for_slot
from askpro.queues.worker.intake import Intake
from askpro.queues.worker.message import LedgerMessage
from askpro.queues.worker.workload import Workload

log = logging.getLogger(__name__)


class LedgerConsumer(dramatiq.Consumer):
    """Iterates over claimed messages. `ack` and `nack` settle alike: the engine decides what counts as a failure."""

    def __init__(
        self, broker: dramatiq.Broker, workload: Workload, queue_name: str, timeout: int, *, is_fair: bool = False
    ) -> None:
        self._broker = broker
        self._workload = workload
        self._wait = timeout / 1000
        self._intake = Intake(workload, queue_name, broker.actors, self._wait, is_fair)
        self._claimed: deque[Claim] = deque()
        # A heap of jobs that have a slot of a rate limit, by the time at which they may start.
        self._timed: list[tuple[float, str, Claim]] = []
        self._recalls = workload.recalls
        self._has_failed = False

    def __next__(self) -> LedgerMessage | None:
        if self._workload.stopping:
            self._give_back()
            time.sleep(0.05)
            return None
        if self._recalls != self._workload.recalls:
            self._recall()
        self._take_in()
        if not self._claimed:
            self._make_way()
            return None
        claim = self._claimed.popleft()
        if limits.is_late(claim):
            self._workload.release(claim, waits_for_slot(0.0, -1.0))
            return None
        self._workload.handed_over()
        return self._message(claim)

    def ack(self, message: MessageProxy) -> None:
        """Dramatiq is done with the message. Read its exception now: Dramatiq clears it right after this returns."""
        assert isinstance(message, LedgerMessage)
        while True:
            try:
                return self._settle(message)
            except Interrupt:
                # A time limit or a cancellation that strikes after the job's end must not prevent its settling.
                continue

    def nack(self, message: MessageProxy) -> None:
        """The same for a job that ends with its error. What middleware is told of it afterwards has the class only."""
        assert isinstance(message, LedgerMessage)
        self.ack(message)
        message.withhold()

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        self._workload.give_back(message.claim for message in messages)

    def close(self) -> None:
        self._give_back()
        self._intake.close()

    def _settle(self, message: LedgerMessage) -> None:
        if message.claim.skipped:
            self._workload.skipped(message.claim)
            return
        actor: Any = self._broker.get_actor(message.actor_name)
        error = message.error
        outcome = message.outcome or actor.outcome(message.claim, error)
        failures.tell(message.claim, outcome, error)
        if outcome.error_class:
            # The traceback is stored with the attempt. The message stays out of the log: it may quote personal data.
            facts = message.actor_name, message.claim.id, outcome.status, outcome.error_class
            log.log(_level(outcome), "%s %s: %s after %s", *facts)
        self._workload.finished(message.claim, outcome)

    def _take_in(self) -> None:
        if not self._claimed:
            wait = self._wait
            if self._timed:
                wait = min(wait, max(self._timed[0][0] - time.monotonic(), 0.0))
            for claim in self._take(wait):
                if claim.not_before:
                    self._workload.put_off(claim)
                    heapq.heappush(self._timed, (claim.not_before, claim.id, claim))
                else:
                    self._claimed.append(claim)
        while self._timed and self._timed[0][0] <= time.monotonic():
            claim = heapq.heappop(self._timed)[2]
            self._workload.take_up(claim)
            self._claimed.appendleft(claim)

    def _take(self, wait: float) -> list[Claim]:
        """What the intake has claimed. A session that was ended alone is replaced by the next look; only when that
        fails, too, PostgreSQL is away, and Dramatiq waits three seconds for it.
        """
        try:
            taken = self._intake.take(wait)
        except CONNECTION_ERRORS as error:
            if self._has_failed:
                raise BrokerConnectionError(type(error).__name__) from error  # type: ignore[no-untyped-call]
            self._has_failed = True
            return []
        self._has_failed = False
        return taken

    def _recall(self) -> None:
        """Something was paused: give back what has not started. Jobs that are not paused are then claimed again."""
        self._recalls = self._workload.recalls
        self._workload.give_back(message.claim for message in self._workload.take_back())
        self._give_back()

    def _make_way(self) -> None:
        is_stuck = self._workload.is_stuck
        if is_stuck or self._workload.is_overfull:
            taken = [message.claim for message in self._workload.take_back()]
            if is_stuck and (taken or self._claimed):
                self._workload.pace.stuck()
            self._workload.give_back(taken)
            self._give_back()

    def _give_back(self) -> None:
        self._workload.give_back([*self._claimed, *(claim for _, _, claim in self._timed)])
        self._claimed.clear()
        self._timed.clear()

    def _message(self, claim: Claim) -> LedgerMessage:
        message: dramatiq.Message[Any] = dramatiq.Message(
            queue_name=claim.queue_name,
            actor_name=claim.actor_name,
            args=tuple(claim.args),
            kwargs=claim.kwargs,
            options={**claim.options, "retries": claim.tries_spent} if claim.tries_spent else claim.options,
            message_id=claim.id,
            message_timestamp=claim.created_ms,
        )
        return LedgerMessage(message, claim)


def _level(outcome: Outcome) -> int:
    """A dead job stays dead until a person looks, unless its actor says that it may end so (`throws`)."""
    if outcome.expected or outcome.status == "cancelled":
        return logging.INFO
    return logging.ERROR if outcome.status == "dead" else logging.WARNING
