"""Ends running jobs that were cancelled: first by an exception in their thread, then by killing their process.

The same look, once a second, is the observer's.
"""

import logging
import threading
import time
from math import inf

import psycopg2
from dramatiq.threading import raise_thread_exception

from askpro.queues.errors import Cancelled
from askpro.queues.ledger.claim import Claim
from askpro.queues.worker.workload import Workload

log = logging.getLogger(__name__)

# Seconds between two looks while a job runs, and while none does.
LOOK_EVERY = 1.0
IDLE_EVERY = 2.0
# Seconds that a job has to clean up after the exception. Then its time limit is set to now, and the forker kills its
# process.
GRACE = 5.0
CANCELLED = """
SELECT id::text FROM queues_job_live
 WHERE id = ANY(%s::uuid[]) AND worker_id = %s AND status || '' = 'processing' AND cancel_at IS NOT NULL
"""


class Interrupter(threading.Thread):
    """A worker's thread that looks whether one of its running jobs was cancelled, and lets the observer look at all."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(name="interrupter", daemon=True)
        self._workload = workload
        self._interrupted: dict[str, float] = {}

    def run(self) -> None:
        while True:
            time.sleep(LOOK_EVERY if self._workload.running() else IDLE_EVERY)
            if self._workload.stopping:
                # The connection may be closed already; a query would open another one, which is never closed.
                return
            running = {claim.id: claim for claim in self._workload.running()}
            self._interrupted = {key: since for key, since in self._interrupted.items() if key in running}
            try:
                self._end(running)
                self._workload.observer.look(running.values())
            except psycopg2.Error as error:
                log.warning("Cannot look after running jobs now: %s", type(error).__name__)

    def _end(self, running: dict[str, Claim]) -> None:
        if not running:
            return
        for (job_id,) in self._workload.database.rows(CANCELLED, ([*running], self._workload.worker_id)):
            claim = running.get(job_id)
            if claim is None:
                continue
            if job_id not in self._interrupted:
                self._interrupted[job_id] = time.monotonic()
                self._workload.interrupt(claim, raise_thread_exception, Cancelled)
            elif time.monotonic() - self._interrupted[job_id] > GRACE:
                # Only once: setting the limit to now at every look would postpone the kill for ever.
                self._interrupted[job_id] = inf
                self._workload.end_time_of(claim)
