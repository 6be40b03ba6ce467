"""Lets hours pass at once: the ledger's clock is PostgreSQL's and cannot be set, so its times are moved back."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import time_machine
from django.db import connection
from django.db.models import F

from appointments import sweepers as appointment_sweepers
from askpro.privacy import sweepers as privacy_sweepers
from askpro.queues.chores import shut_gates
from askpro.queues.ledger import enqueue, gates
from askpro.queues.ledger.claim import held_by
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.ledger.outcome import spared
from askpro.queues.ledger.settle import Item, settle
from askpro.queues.models import Job
from askpro.queues.testing import WORKER_ID, run_jobs
from notifications import sweepers as notification_sweepers
from tests.gates import let_pass

SWEEP_EVERY = 30.0
# After this many seconds the sweepers run less often than in production, since all their effects were seen by then.
BUSY = 180.0
DUE = "run_at <= clock_timestamp() AND status IN ('scheduled', 'retrying', 'released') AND gate IS NULL"
# Jobs that wait at a gate have no time of their own.
FIRST = """
SELECT extract(epoch FROM least(
    (SELECT min(run_at) FROM queues_job WHERE status IN ('scheduled', 'retrying', 'released') AND gate IS NULL),
    (SELECT min(greatest(shut_until, probe_until, granted_until)) FROM queues_gate
      WHERE EXISTS (SELECT 1 FROM queues_job WHERE gate = name AND status = 'released'))
    ) - clock_timestamp())::float8
"""


class Timelapse:
    """Runs the jobs as their times come, and the sweepers every half minute, on the clock that tests can set."""

    def __init__(self, clock: time_machine.Traveller, at_each_step: Callable[[float], Any] = lambda now: None) -> None:
        self.now = 0.0
        self._clock = clock
        self._at_each_step = at_each_step
        self._sweeps_at = SWEEP_EVERY

    def run_until(self, end: float, or_until: Callable[[], bool] = lambda: False) -> None:
        """Advance to `end` seconds after the beginning, with a stop whenever something is due, or until it is so."""
        self._work()
        while self.now < end and not or_until():
            self._move_to(min(end, self._sweeps_at, self._next_job()))
            self._work()

    def _work(self) -> None:
        if self.now >= self._sweeps_at:
            self._sweeps_at += SWEEP_EVERY if self.now < BUSY else 10 * SWEEP_EVERY
            appointment_sweepers.sweep()
            notification_sweepers.sweep()
            privacy_sweepers.sweep()
            shut_gates.look()
        self._at_each_step(self.now)
        if Job.objects.filter(status="released").exclude(gate=None).exists():
            with connection.cursor() as cursor:
                gates.admit(DjangoConnection(cursor))
        enqueue.make_ready(DUE, [])
        if not Job.objects.filter(status="queued").exists():
            return
        try:
            run_jobs()
        except KeyboardInterrupt:
            # The process was killed in a job: its supervisor sees it at once.
            self._give_back()
            self._work()

    def _give_back(self) -> None:
        with connection.cursor() as cursor:
            database = DjangoConnection(cursor)
            held = held_by(database, WORKER_ID)
            items = [Item(claim, spared("killed"), time.monotonic()) for claim in held]
            settle(database, WORKER_ID, "test", items)

    def _next_job(self) -> float:
        with connection.cursor() as cursor:
            cursor.execute(FIRST)
            [wait] = cursor.fetchone()
        return self._sweeps_at if wait is None else self.now + max(wait, 1.0)

    def _move_to(self, moment: float) -> None:
        by = timedelta(seconds=moment - self.now)
        self.now = moment
        self._clock.shift(by)
        Job.objects.filter(status__in=Job.LIVE).update(
            run_at=F("run_at") - by, deadline_at=F("deadline_at") - by, created_at=F("created_at") - by
        )
        let_pass(by.total_seconds())
