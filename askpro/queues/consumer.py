"""One queue's consumer: hints from Redis or the oldest by age, claimed, and handed to Dramatiq's threads."""

import logging
import re
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

import dramatiq
from dramatiq import MessageProxy
from dramatiq.errors import BrokerConnectionError

from askpro.queues import claim as claims
from askpro.queues import locks
from askpro.queues.claim import Claim
from askpro.queues.database import CONNECTION_ERRORS
from askpro.queues.hints import Popper
from askpro.queues.outcome import Outcome, decide, overdue
from askpro.queues.workload import STUCK_AFTER, Workload

log = logging.getLogger(__name__)

# Seconds between two claims by age while Redis works: what it lost is found within this time.
REPAIR_EVERY = 1.5
# Seconds between two claims by age while Redis is away and nothing was found.
POLL_EVERY = 0.1
MOST_CLAIMED = 200
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WAITS_FOR_LOCK = Outcome("released", None, reason="waits for its lock")


class LedgerMessage(MessageProxy):
    """A message with the claim behind it."""

    def __init__(self, message: dramatiq.Message[Any], claim: Claim) -> None:
        super().__init__(message)
        self.claim = claim


class LedgerConsumer(dramatiq.Consumer):
    """Iterates over claimed messages; `ack` and `nack` settle them, whatever Dramatiq calls a failure."""

    def __init__(self, broker: dramatiq.Broker, workload: Workload, queue_name: str, timeout: int) -> None:
        self._broker = broker
        self._workload = workload
        self._queue_name = queue_name
        self._wait = timeout / 1000
        self._popper = Popper(queue_name, self._wait)
        self._claimed: deque[Claim] = deque()
        self._repair_at = 0.0
        # The last claim by age was a full one: where Redis knows of nothing more, age may.
        self._backlog = False
        self._batch = max(workload.threads * 2, 8)

    def __next__(self) -> LedgerMessage | None:
        if self._workload.stopping:
            self._give_back()
            time.sleep(0.05)
            return None
        if not self._claimed:
            self._claimed.extend(self._fetch())
        if not self._claimed or not self._workload.may_hand_over(STUCK_AFTER):
            self._make_way()
            return None
        self._workload.handed_over()
        return self._message(self._claimed.popleft())

    def ack(self, message: MessageProxy) -> None:
        """Dramatiq is done with the message. Its exception is cleared right after this returns: read it now."""
        assert isinstance(message, LedgerMessage)
        actor: Any = self._broker.get_actor(message.actor_name)
        claim = message.claim
        outcome = decide(
            message._exception,
            tries_left=actor.word("max_retries", claim.options) + claim.extra_tries - claim.tries_spent,
            tries_spent=claim.tries_spent,
            backoff=actor.word("backoff", claim.options),
            throws=actor.word("throws"),
        )
        if outcome.error_class:
            # The trace stands on the attempt. A log line must not carry what an exception may quote.
            log.warning("%s %s: %s after %s", message.actor_name, claim.id, outcome.status, outcome.error_class)
        self._workload.finished(claim, outcome)

    nack = ack

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        self._workload.give_back(message.claim for message in messages)

    def close(self) -> None:
        self._give_back()
        self._popper.close()

    def _make_way(self) -> None:
        if self._workload.is_stuck:
            taken = [message.claim for message in self._workload.take_back()]
            if taken or self._claimed:
                self._batch = max(self._workload.threads, self._batch // 4)
            self._workload.give_back(taken)
            self._give_back()

    def _give_back(self) -> None:
        self._workload.give_back(self._claimed)
        self._claimed.clear()

    def _fetch(self) -> list[Claim]:
        if self._workload.is_stuck:
            # Every thread is busy with something slow: what is ready is for other processes.
            self._workload.wait_for_thread(STUCK_AFTER)
            return []
        try:
            claimed = self._claim_some()
            runnable, blocked = self._lock(claimed)
        except CONNECTION_ERRORS as error:
            raise BrokerConnectionError(type(error).__name__) from error  # type: ignore[no-untyped-call]
        if len(claimed) >= self._batch:
            self._batch = min(self._batch * 2, MOST_CLAIMED)
        for claim in blocked:
            self._workload.release(claim, WAITS_FOR_LOCK)
        return [claim for claim in runnable if not self._refused(claim)]

    def _lock(self, claimed: list[Claim]) -> tuple[list[Claim], list[Claim]]:
        try:
            return locks.acquire(self._workload.database, claimed)
        except CONNECTION_ERRORS:
            self._workload.give_back(claimed)
            raise

    def _claim_some(self) -> list[Claim]:
        now = time.monotonic()
        if self._popper.is_away or now >= self._repair_at:
            self._repair_at = now + REPAIR_EVERY
            claimed = self._claim_by_age()
            if claimed or self._popper.is_away:
                if not claimed:
                    time.sleep(POLL_EVERY)
                return claimed
        ids = self._popper.pop(self._batch, self._patience(now))
        if not ids and self._backlog:
            return self._claim_by_age()
        valid = [job_id for job_id in ids if ID.fullmatch(job_id)]
        if not valid:
            return []
        work = self._workload
        return work.claim(
            lambda: claims.by_ids(work.database, work.worker_id, self._queue_name, self._broker.actors, valid)
        )

    def _patience(self, now: float) -> float:
        """Seconds to wait for a hint."""
        if self._backlog:
            return 0.0
        until_repair = max(self._repair_at - now, 0.01)
        # Messages that turn out to wait behind slow ones have to be taken back soon.
        longest = STUCK_AFTER if self._workload.has_waiting else self._wait
        return min(longest, until_repair)

    def _claim_by_age(self) -> list[Claim]:
        work = self._workload
        claimed = work.claim(
            lambda: claims.by_age(work.database, work.worker_id, self._queue_name, self._broker.actors, self._batch)
        )
        self._backlog = len(claimed) >= self._batch
        return claimed

    def _refused(self, claim: Claim) -> bool:
        if claim.overdue:
            self._workload.release(claim, overdue())
        return claim.overdue

    def _message(self, claim: Claim) -> LedgerMessage:
        message: dramatiq.Message[Any] = dramatiq.Message(
            queue_name=claim.queue_name,
            actor_name=claim.actor_name,
            args=tuple(claim.args),
            kwargs=claim.kwargs,
            options=claim.options,
            message_id=claim.id,
            message_timestamp=claim.created_ms,
        )
        return LedgerMessage(message, claim)
