"""What a worker process notes of the runs in it: looked at once a second, told of each end that is worth it."""

import logging
import time
from collections import deque
from collections.abc import Iterable

import psycopg2

from askpro.queues.insight import record, slow_runs
from askpro.queues.insight.costs import Costs
from askpro.queues.insight.lock_waits import LockWaits
from askpro.queues.insight.profiler import Profiler
from askpro.queues.insight.record import RunRecord
from askpro.queues.insight.traits import KnownTraits
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection
from askpro.queues.processes.annex import Annex

log = logging.getLogger(__name__)

# Slow runs that wait to be written while PostgreSQL is away. The oldest are forgotten first.
MOST_WAITING = 200
# Seconds between two writings of what all runs took.
COSTS_EVERY = 30.0


class Observer:
    """Nothing here may fail a job, or wait for PostgreSQL in its thread.

    An empty job takes 53 µs of a worker. So the engine calls this at the start of a run only when there are wanted
    profiles, and at its end only when it has a record or took at least `shortest` seconds.
    """

    def __init__(self, worker_id: int, database: Connection, annex: Annex | None = None) -> None:
        self._worker_id = worker_id
        self._database = database
        self._annex = annex
        self._traits = KnownTraits()
        self.shortest = self._traits.shortest
        self.profiler = Profiler(worker_id, database)
        self._costs = Costs()
        self._costs_at = time.monotonic() + COSTS_EVERY
        self._ended: deque[tuple[Claim, RunRecord]] = deque(maxlen=MOST_WAITING)
        self._lock_waits = LockWaits()

    def ended(self, claim: Claim, error_class: str) -> None:
        """A run has ended, in this thread."""
        run = record.record_of(claim)
        self.profiler.end(claim)
        if run.is_over:
            return
        run.end(error_class)
        traits = self._traits.of(claim)
        is_slow = run.seconds >= traits.slow
        self._costs.add(claim, traits.company_of(claim), run, is_slow)
        if is_slow or run.told_at:
            self._ended.append((claim, run))

    def look(self, running: Iterable[Claim]) -> None:
        """Write what is slow and what is due. Raises one of `CONNECTION_ERRORS`; nothing is lost by it."""
        under_way = [(claim, self._sign(claim)) for claim in running if claim.thread_id]
        if self._annex is not None:
            self.profiler.look(self._annex.calls)
        self.profiler.join([claim for claim, _ in under_way])
        self._lock_waits.look(self._database, [run for _, run in under_way])
        for claim, run in under_way:
            if not run.is_over and slow_runs.is_due(run, self._traits.of(claim).slow):
                self._write(claim, run)
        self._write_ended()
        if time.monotonic() >= self._costs_at:
            self._costs_at = time.monotonic() + COSTS_EVERY
            self._costs.write(self._database)

    def flush(self) -> None:
        """Write everything: the process ends. Raises one of `CONNECTION_ERRORS`."""
        self._write_ended()
        self._costs.write(self._database)

    def _sign(self, claim: Claim) -> RunRecord:
        """Say which thread the run is in; returns its record."""
        if self._annex is not None and claim.slot is not None:
            self._annex.sign(claim.slot, claim.id, claim.thread_id)
        return record.look(claim)

    def _write_ended(self) -> None:
        while self._ended:
            self._write(*self._ended[0])
            self._ended.popleft()
        self.profiler.write()

    def _write(self, claim: Claim, run: RunRecord) -> None:
        traits = self._traits.of(claim)
        try:
            slow_runs.write(self._database, self._worker_id, claim, run, traits.slow, traits.company_of(claim))
        except psycopg2.DataError as error:
            # Asking again would fail again, and keep all later ones from being written.
            log.error("A slow run of %s cannot be written: %s", claim.actor_name, type(error).__name__)
