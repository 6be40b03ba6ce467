"""One worker process as its forker sees it: told to leave, found to be stuck, killed."""

import logging
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

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
# Seconds for which a worker is watched at least before it is killed: on a busy machine, a nice one may wait for a
# processor all the time, and can neither beat nor end its jobs.
WATCHED = 1.0
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
    # Since when it is watched (monotonic seconds), and for how long it had waited for a processor by then.
    watched: tuple[float, float] | None = None

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
        if not self._is_suspect(now, limits):
            self.watched = None
        elif self.watched is None:
            self.watched = now, waited(self.pid)
        if limits and now > min(limits) + KILL_GRACE:
            self._doom_unless_starved("timed_out", now, "A job ignored its limit; a worker of pool %s is killed")
        elif self.leaving_at and not limits and now > self.leaving_at + LEAVE_GRACE:
            self._doom_unless_starved("stuck", now, "A worker of pool %s did not leave; it is killed")
        elif may_be_stuck and self._is_stuck(now, runs=any(limit < inf for limit in limits)):
            self._doom_unless_starved("stuck", now, "A worker of pool %s is stuck; it is killed")

    def reason_to_leave(self, pool: Pool, now: float) -> str:
        """Why it should be recycled; empty when it should not."""
        if pool.max_age and now - self.forked_at > pool.max_age:
            return f"older than {pool.max_age:g} s"
        if pool.max_jobs and sum(runs for runs, _ in self.page.done().values()) >= pool.max_jobs:
            return f"has run {pool.max_jobs} jobs"
        return ""

    def _is_suspect(self, now: float, limits: Sequence[float]) -> bool:
        """Whether it may have to be killed soon."""
        is_late = bool(limits) and now > min(limits)
        is_slow_to_leave = bool(self.leaving_at) and not limits and now > self.leaving_at + LEAVE_GRACE / 2
        return is_late or is_slow_to_leave or now - (self.page.beat_at or self.forked_at) > STUCK_AFTER / 2

    def _doom_unless_starved(self, cause: str, now: float, said: str) -> None:
        since, before = self.watched or (now, 0.0)
        if now - since < WATCHED:
            return
        if (so_far := waited(self.pid)) - before >= (now - since) / 2 and not is_stopped(self.pid):
            # It had no processor for most of that time, which proves nothing: it is watched anew.
            self.watched = now, so_far
            return
        log.error(said, self.group)
        self.doom(cause, now)

    def _is_stuck(self, now: float, runs: bool) -> bool:
        beat_at = self.page.beat_at
        if not beat_at:
            return now - self.forked_at > BIRTH
        return now - beat_at > STUCK_AFTER and (not runs or is_stopped(self.pid))


def waited(pid: int) -> float:
    """Seconds for which the threads of a process were ready to run, and waited for a processor; 0 where the system does
    not tell."""
    total = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        # A thread may end in between.
        with suppress(OSError, IndexError, ValueError):
            total += int(path.read_text().split()[1])
    return total / 1e9


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
