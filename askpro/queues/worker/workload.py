"""The jobs that one worker process holds: claimed, handed over to a thread, started, finished."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from dramatiq import Worker as DramatiqWorker
from dramatiq.common import iter_queue
from dramatiq.threading import Interrupt

from askpro.queues.errors import Cancelled
from askpro.queues.insight.observer import Observer
from askpro.queues.ledger import hints
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.current import current
from askpro.queues.ledger.database import CONNECTION_ERRORS, EngineConnection
from askpro.queues.ledger.outcome import BACK, Outcome
from askpro.queues.ledger.settle import Item, Settler
from askpro.queues.processes.annex import Annex
from askpro.queues.processes.empty_looks import EmptyLooks
from askpro.queues.processes.page import Page
from askpro.queues.worker.memory import MemoryOfRuns
from askpro.queues.worker.message import LedgerMessage
from askpro.queues.worker.pace import IN_TIME, STUCK_AFTER, Pace

# The most that one statement claims.
MOST_CLAIMED = 200
# When the last of the claimed jobs would start only after this many seconds, those that have not started go back.
TOO_LATE = 0.5
# Seconds for which a claim is certainly ours: no worker is declared dead that soon.
SURE_FOR = 1.0
OURS = "SELECT 1 FROM queues_job_live WHERE id = %s AND claim_no = %s AND worker_id = %s AND status = 'processing'"
# A clock that also counts while the host sleeps, where the system has one.
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
ORPHANS = """
UPDATE queues_job_live SET status = 'queued', worker_id = NULL
 WHERE worker_id = %s AND status = 'processing' AND id <> ALL(%s::uuid[])
"""


class Workload:
    """The engine's state in one process. Consumers come and go; this stays."""

    def __init__(
        self,
        worker_id: int,
        threads: int,
        code_version: str,
        page: Page | None = None,
        empty_looks: EmptyLooks | None = None,
    ) -> None:
        self.worker_id = worker_id
        self.threads = threads
        self.database = EngineConnection()
        self.empty_looks = empty_looks or EmptyLooks()
        self.stopping = False
        self.pace = Pace(threads)
        self.memory = MemoryOfRuns()
        self._code_version = code_version
        self._page = page or Page()
        self.observer = Observer(worker_id, self.database, self._page.annex)
        self._settler = Settler(self.database, worker_id, code_version, self._settled)
        self._worker: DramatiqWorker | None = None
        self._claiming = threading.Lock()
        # A claim may have committed although its answer was lost: PostgreSQL may hold jobs as ours that we do not know.
        self._doubtful = False
        self._held: dict[str, Claim] = {}
        # Of these, the ids of those that a thread runs or will run: neither put off, nor ended, nor given back.
        self._in_hand: set[str] = set()
        self._taking = threading.Lock()
        self._moved = threading.Condition()
        # For each consumer that waits for a place: it looks again when no more than so many are in hand.
        self._marks: list[int] = []
        self._handed = 0
        self._last_move = time.monotonic()
        self._settler.start()

    def attach(self, worker: DramatiqWorker) -> None:
        """Remember Dramatiq's worker, to take back the messages that its threads have not started."""
        self._worker = worker

    def claim(self, fetch: Callable[[], list[Claim]]) -> list[Claim]:
        """Claim with `fetch` and remember the claims. One at a time, so that no fresh claim is taken for an orphan."""
        with self._claiming:
            self._free_orphans()
            asked_at = time.clock_gettime(CLOCK)
            try:
                claims = fetch()
            except BaseException:
                self._doubtful = True
                raise
            for claim in claims:
                claim.sure_at = asked_at
                self._held[claim.id] = claim
                self._in_hand.add(claim.id)
        return claims

    @property
    def annex(self) -> Annex | None:
        """What this process shares with whoever asks about its jobs."""
        return self._page.annex

    @property
    def recalls(self) -> int:
        """How often this process was asked to give back what it has not started."""
        return self._page.recalls

    @contextmanager
    def taking(self, since: int) -> Iterator[int]:
        """Claim inside as many jobs as this says (`places`), one consumer at a time: no two fill the same places.

        A consumer that waits for a hanging Redis meanwhile keeps the others from claiming no longer than `STUCK_AFTER`.
        """
        is_alone = self._taking.acquire(timeout=STUCK_AFTER)
        try:
            yield self.places(since)
        finally:
            if is_alone:
                self._taking.release()

    def places(self, since: int) -> int:
        """How many jobs more should be claimed now: as many as will start before they would be given back.

        `since` so many runs had ended here, the queue has had a backlog.
        """
        in_hand, ahead = len(self._in_hand), self.pace.ahead(since)
        is_slow = self.is_busy and time.monotonic() - self._last_move > IN_TIME
        if in_hand >= self.threads and (is_slow or in_hand > self._mark(ahead)):
            return 0
        return min(self.threads + ahead - in_hand, MOST_CLAIMED)

    def wait_for_place(self, since: int, wait: float) -> None:
        """Wait until there are `places`, `wait` seconds at most."""
        with self._moved:
            mark = self._mark(self.pace.ahead(since))
            self._marks.append(mark)
            self._moved.wait_for(lambda: self.places(since), wait)
            self._marks.remove(mark)

    @property
    def is_busy(self) -> bool:
        """Whether every thread has a job."""
        return self._handed >= self.threads

    @property
    def is_overfull(self) -> bool:
        """Whether the last of the jobs here would start `TOO_LATE`: runs have become slower since it was claimed."""
        return (len(self._in_hand) - self.threads) * self.pace.mean > TOO_LATE * self.threads

    def put_off(self, claim: Claim) -> None:
        """The job has a slot of a rate limit, and takes no place until then."""
        self._in_hand.discard(claim.id)

    def take_up(self, claim: Claim) -> None:
        """The time of the job's slot has come."""
        self._in_hand.add(claim.id)

    def handed_over(self) -> None:
        with self._moved:
            self._handed += 1
            if self._handed == 1:
                self._last_move = time.monotonic()

    def is_ours(self, claim: Claim) -> bool:
        """Whether the job may start here. Another worker may have been given an older claim's job, so ask PostgreSQL.

        Also False while PostgreSQL does not answer: then the job goes back, which costs it nothing.
        """
        if time.clock_gettime(CLOCK) - claim.sure_at < SURE_FOR:
            return True
        try:
            return bool(self.database.rows(OURS, (claim.id, claim.claim_no, self.worker_id)))
        except CONNECTION_ERRORS:
            return False

    def starting(self, claim: Claim, time_limit: float) -> None:
        """A thread begins the job, `time_limit` in seconds."""
        # Handed over, and so perhaps running: this one and no other.
        self.memory.starting(claim, is_alone=self._handed == 1)
        self._last_move = claim.started = time.monotonic()
        claim.slot = self._page.take(claim.id, claim.claim_no, time_limit, claim.queue_name)
        claim.thread_id = threading.get_ident()
        current.claim, current.worker_id, current.code_version = claim, self.worker_id, self._code_version
        current.database = self.database
        if self.observer.profiler.wanted:
            self.observer.profiler.begin(claim)

    def finished(self, claim: Claim, outcome: Outcome) -> None:
        """A thread is done with the job. An atomic job has already settled itself, in its own transaction."""
        current.claim = None
        self.memory.finished(claim)
        if claim.slot is not None:
            self._page.over(claim.slot)
        if claim.started is not None:
            took = time.monotonic() - claim.started
            self.pace.ran(took)
            if claim.record is not None or took >= self.observer.shortest:
                self.observer.ended(claim, outcome.error_class)
        self._through_with(claim)
        if claim.settled:
            self._let_go(claim)
        else:
            self._settler.put(Item(claim, outcome, time.monotonic()))

    def skipped(self, claim: Claim) -> None:
        """A thread skipped the job. Giving it back does not touch a job that another worker has by now."""
        self._through_with(claim)
        self.give_back([claim])

    def running(self) -> list[Claim]:
        """The jobs that a thread works on right now."""
        return [claim for claim in list(self._held.values()) if claim.thread_id]

    def interrupt(
        self, claim: Claim, raise_in: Callable[[int, type[BaseException]], Any], error: type[Interrupt]
    ) -> None:
        """Raise `error` in the thread that runs the job, unless it has just ended."""
        with self._moved:
            if claim.thread_id:
                claim.interrupted = issubclass(error, Cancelled)
                raise_in(claim.thread_id, error)

    def end_time_of(self, claim: Claim) -> None:
        """Declare the job's time limit reached: the forker kills the process if the job does not end by itself."""
        if claim.slot is not None:
            self._page.expire(claim.slot)

    @property
    def is_stuck(self) -> bool:
        """Whether every thread is busy, and no job has started or ended for `STUCK_AFTER` seconds."""
        return self.is_busy and time.monotonic() - self._last_move > STUCK_AFTER

    def take_back(self) -> list[LedgerMessage]:
        """Take the messages that wait behind busy threads out of Dramatiq's queue again."""
        if self._worker is None:
            return []
        messages: list[Any] = []
        for item in iter_queue(self._worker.work_queue):  # type: ignore[no-untyped-call]
            self._worker.work_queue.task_done()
            messages.append(item.message)
        with self._moved:
            self._handed -= len(messages)
        return messages

    def give_back(self, claims: Iterable[Claim]) -> None:
        """Make claimed jobs ready again, for any worker; costs no try."""
        back: deque[Claim] = deque(claims)
        now = time.monotonic()
        for claim in back:
            self._in_hand.discard(claim.id)
            self._settler.put(Item(claim, BACK, now))

    def release(self, claim: Claim, outcome: Outcome) -> None:
        """Settle a job that never started here."""
        self._in_hand.discard(claim.id)
        self._settler.put(Item(claim, outcome, time.monotonic()))

    def finish(self) -> None:
        """Settle everything, sign the worker off, let go of the connection."""
        self._settler.stop()
        self.memory.write(self.database, is_last=True)
        self.observer.flush()
        self.database.rows(
            "UPDATE queues_worker SET status = 'stopped', ended_at = clock_timestamp() WHERE id = %s",
            (self.worker_id,),
        )
        self._page.hide()
        self.database.close()

    def _through_with(self, claim: Claim) -> None:
        with self._moved:
            claim.thread_id = 0
            self._last_move = time.monotonic()
            self._handed -= 1
            self._in_hand.discard(claim.id)
            if self._marks and len(self._in_hand) <= max(self._marks):
                self._moved.notify_all()

    def _mark(self, ahead: int) -> int:
        """More is claimed when half of what may wait has started: short jobs should not be claimed one by one."""
        return self.threads + ahead // 2 if ahead else self.threads - 1

    def _free_orphans(self) -> None:
        if self._doubtful:
            self.database.rows(ORPHANS, (self.worker_id, "{" + ",".join(list(self._held)) + "}"))
            self._doubtful = False

    def _settled(self, items: list[Item], ids: set[str]) -> None:
        for item in items:
            self._let_go(item.claim)
        back = [item.claim for item in items if item.outcome.status == "queued" and item.claim.id in ids]
        for claim in back:
            # They keep their age: without Redis, that is how they are found.
            self.empty_looks.floor(claim.queue_name).lower(claim.created_ms)
        hints.announce((claim.id, claim.queue_name) for claim in back)
        self.memory.write(self.database)

    def _let_go(self, claim: Claim) -> None:
        # The job may have been claimed here again in between.
        if self._held.get(claim.id) is claim:
            del self._held[claim.id]
        if claim.slot is not None:
            self._page.free(claim.slot)
            claim.slot = None
