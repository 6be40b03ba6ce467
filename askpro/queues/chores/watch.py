"""Finds dead supervisors: those whose process is gone, and those whose heartbeat has stopped."""

import time
from collections.abc import Collection
from dataclasses import dataclass

from askpro.queues.fleet import events
from askpro.queues.fleet.heartbeat import page_name
from askpro.queues.fleet.host import hostname, is_running, pid_space
from askpro.queues.fleet.state import SILENT_AFTER
from askpro.queues.ledger.database import EngineConnection, chores_name
from askpro.queues.ledger.recover import END_SESSIONS, Death, recover, recover_lost
from askpro.queues.processes import named
from askpro.queues.processes.page import begun
from askpro.queues.states import LIVING

# Seconds within which a killed process should be gone, even if it had much memory.
DYING = 2.0
ALIVE = f"""
SELECT id, host, pid_space, pid, process_started_at, beat_at::text FROM queues_supervisor
 WHERE status IN {LIVING} AND id <> %s
"""
BURY = f"""
UPDATE queues_supervisor SET status = 'dead'
 WHERE id = %s AND beat_at = %s::timestamptz AND status IN {LIVING} RETURNING id
"""
# Also finds workers whose supervisor was buried by another one that then died before it came to them.
UNBURIED = """
SELECT worker.id FROM queues_worker AS worker JOIN queues_supervisor AS supervisor ON supervisor.id = supervisor_id
 WHERE supervisor.status IN ('dead', 'stopped') AND worker.status = 'running'
"""
# Workers that were buried and hold jobs: whoever buried them died before it freed the jobs, or they woke up and claimed
# again. And workers without a row that hold jobs.
HOLDING = """
SELECT worker.id FROM queues_worker AS worker JOIN queues_supervisor AS supervisor ON supervisor.id = supervisor_id
 WHERE supervisor.status IN ('dead', 'stopped')
   AND worker.id IN (SELECT worker_id FROM queues_job_live WHERE status = 'processing')
UNION
SELECT worker_id FROM queues_job_live AS job
 WHERE status = 'processing' AND worker_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM queues_worker WHERE id = job.worker_id)
"""
HEARD_AGAIN = f"""
SELECT 1 FROM queues_worker AS worker JOIN queues_supervisor AS supervisor ON supervisor.id = supervisor_id
 WHERE worker.id = %s AND supervisor.status IN {LIVING}
"""
# A claim can become visible after its worker was found to hold nothing, or had signed off. No process got the answer of
# that claim, so none of its jobs has begun. 5 seconds is longer than the end of a dead worker's sessions is waited for.
LATE = """
SELECT id FROM queues_worker
 WHERE supervisor_id = %s AND status IN ('dead', 'stopped') AND id <> ALL(%s)
   AND ended_at < clock_timestamp() - interval '5 seconds'
   AND id IN (SELECT worker_id FROM queues_job_live WHERE status = 'processing')
"""


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat as read, and the monotonic seconds of the first time it was read."""

    beat_at: str
    first_seen: float


class Watch:
    """One observer's memory of the heartbeats of all supervisors."""

    def __init__(self, supervisor_id: int) -> None:
        self._own = supervisor_id
        self._beats: dict[int, Beat] = {}
        # Workers that were seen alive although their supervisor is dead, and since when (monotonic seconds).
        self._dying: dict[int, float] = {}

    def forget(self) -> None:
        """A query failed: that no heartbeat was read in the meantime proves nothing."""
        self._beats.clear()

    def look(self, database: EngineConnection) -> int:
        """Declare dead supervisors dead, and give back the jobs of their workers; returns how many jobs."""
        rows = database.rows(ALIVE, (self._own,))
        for supervisor_id, host, space, pid, started, beat_at in rows:
            if self._is_gone(host, space, pid, started) or self._is_silent(supervisor_id, beat_at):
                self._bury(database, supervisor_id, host, pid, beat_at)
        return self._recover(database, UNBURIED)

    def free_left_jobs(self, database: EngineConnection) -> int:
        """Give back jobs that are still held for workers of dead supervisors, and of none; returns how many."""
        return self._recover(database, HOLDING)

    def free_late_claims(self, database: EngineConnection, others: Collection[int]) -> int:
        """Give back jobs of this supervisor's ended workers, except the `others`: they live or are being recovered."""
        workers = database.rows(LATE, (self._own, list(others)))
        return sum(recover(database, Death(worker_id, ())) for (worker_id,) in workers)

    def _bury(self, database: EngineConnection, supervisor_id: int, host: str, pid: int, beat_at: str) -> None:
        if database.rows(BURY, (supervisor_id, beat_at)):
            text = f"Supervisor {supervisor_id} on {host} (process {pid}) fell silent; others take over its jobs."
            events.note(database, "supervisor_dead", text, supervisor_id, host)
            # A transaction that its chores process has open may keep others from their chores.
            database.rows(END_SESSIONS, (chores_name(supervisor_id),))

    @staticmethod
    def _is_gone(host: str, space: str, pid: int, started: float) -> bool:
        return (host, space) == (hostname(), pid_space()) and not is_running(pid, started)

    def _is_silent(self, supervisor_id: int, beat_at: str) -> bool:
        # The same heartbeat, read twice by this observer so far apart.
        now = time.monotonic()
        known = self._beats.get(supervisor_id)
        if known is None or known.beat_at != beat_at:
            self._beats[supervisor_id] = Beat(beat_at, now)
            return False
        return now - known.first_seen >= SILENT_AFTER

    def _recover(self, database: EngineConnection, which: str) -> int:
        workers = database.rows(which)
        return sum(self._free(database, worker_id) for (worker_id,) in workers if self._is_over(database, worker_id))

    def _free(self, database: EngineConnection, worker_id: int) -> int:
        """Give back the jobs of a worker; what had not begun when it died goes back free, if that is known here."""
        name = page_name(database, worker_id)
        try:
            known = begun(name)
        except named.InUse:
            now = time.monotonic()
            if now - self._dying.setdefault(worker_id, now) < DYING:
                return 0
            # It was not killed: it is stopped, or has lost its way to PostgreSQL.
            known = None
        self._dying.pop(worker_id, None)
        ready = recover_lost(database, worker_id, known)
        if known is not None:
            named.remove(name)
        return ready

    @staticmethod
    def _is_over(database: EngineConnection, worker_id: int) -> bool:
        """Whether the worker's supervisor has not beaten again in the meantime."""
        return not database.rows(HEARD_AGAIN, (worker_id,))
