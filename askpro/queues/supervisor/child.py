"""One worker process as its forker sees it: told to leave, found to be stuck, killed."""

import logging
import os
import signal
import time
from dataclasses import dataclass, field
from math import inf

import psutil

from askpro.queues.config import Pool
from askpro.queues.fleet.state import STUCK_AFTER
from askpro.queues.processes.page import ASK, Page

log = logging.getLogger(__name__)

# Seconds past its time limit after which a job's process is killed: by then the exception in its thread did not help.
KILL_GRACE = 2.0
# Seconds within which a worker that was told to leave must be gone if it runs nothing.
LEAVE_GRACE = 10.0
# Seconds within which a worker must give its first sign of life.
BIRTH = 30.0
# Seconds between asking for the stacks and the kill.
STACKS_WAIT = 0.3


@dataclass(slots=True, eq=False)
class Child:
    """One worker process. `leaving_at`: told to go; `kill_at`: will be killed for `cause`."""

    page: Page
    group: str
    pid: int = 0
    forked_at: float = field(default_factory=time.monotonic)
    leaving_at: float = 0.0
    kill_at: float = 0.0
    cause: str = ""
    # Private memory in MB, as measured last.
    memory: float = 0.0

    @property
    def is_ready(self) -> bool:
        return bool(self.page.worker_id)

    @property
    def has_worked(self) -> bool:
        """Whether it has begun at least one job."""
        return bool(self.page.started() or self.page.done())

    def leave(self, now: float) -> None:
        """Tell it to finish its running jobs and end."""
        if not self.leaving_at:
            self.leaving_at = now
            send_signal(self.pid, signal.SIGTERM)

    def call(self) -> None:
        """Tell it that somebody wants profiles. One of another release does not hear it; it leaves soon."""
        if self.page.annex is not None:
            self.page.annex.call()

    def doom(self, cause: str, now: float) -> None:
        """Kill it once its stacks are written. A stopped process must continue to be able to write them."""
        if not self.kill_at:
            self.cause, self.kill_at = cause, now + STACKS_WAIT
            send_signal(self.pid, ASK)
            send_signal(self.pid, signal.SIGCONT)

    def look(self, now: float, may_be_stuck: bool) -> None:
        """Kill the process if a job in it ignores its time limit, if it does not leave, or if it is stuck."""
        if self.kill_at:
            if now >= self.kill_at:
                send_signal(self.pid, signal.SIGKILL)
            return
        limits = [item.limit for item in self.page.started()]
        if limits and now > min(limits) + KILL_GRACE:
            log.error("A job ignored its time limit; the worker of pool %s is killed", self.group)
            self.doom("timed_out", now)
        elif self.leaving_at and not limits and now > self.leaving_at + LEAVE_GRACE:
            log.error("A worker of pool %s did not leave; it is killed", self.group)
            self.doom("stuck", now)
        elif may_be_stuck and self._is_stuck(now, runs=any(limit < inf for limit in limits)):
            log.error("A worker of pool %s is stuck; it is killed", self.group)
            self.doom("stuck", now)

    def reason_to_leave(self, pool: Pool, now: float) -> str:
        """Why it should be recycled; empty when it should not."""
        if pool.max_age and now - self.forked_at > pool.max_age:
            return f"older than {pool.max_age:g} s"
        if pool.max_jobs and sum(runs for runs, _ in self.page.done().values()) >= pool.max_jobs:
            return f"has run {pool.max_jobs} jobs"
        return ""

    def _is_stuck(self, now: float, runs: bool) -> bool:
        beat_at = self.page.beat_at
        if not beat_at:
            return now - self.forked_at > BIRTH
        return now - beat_at > STUCK_AFTER and (not runs or is_stopped(self.pid))


def private_memory(pid: int) -> float:
    """Megabytes that would be free if the process ended; 0 when unknown."""
    try:
        return psutil.Process(pid).memory_full_info().uss / 1e6
    except psutil.Error:
        return 0.0


def send_signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def is_stopped(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
    except psutil.Error:
        return False
