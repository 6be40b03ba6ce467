"""The forker: loads Django once, forks chores and workers, replaces the dead. Single-threaded, nothing open."""

import gc
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from setproctitle import setproctitle

from askpro.queues.choring import run_chores
from askpro.queues.config import Pool
from askpro.queues.slots import Slots
from askpro.queues.worker import run_worker

log = logging.getLogger(__name__)

SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGCHLD})
# Seconds between two looks at time limits when no signal comes.
TICK = 0.25
# Seconds past its time limit after which a job's process is killed: the exception inside it did not help.
KILL_GRACE = 2.0
# A process that died this young had trouble starting; the next try waits, doubling up to the longest pause.
YOUNG = 2.0
LONGEST_PAUSE = 60.0
# How long the chores may take to recover the last deaths at a stop.
CHORES_GRACE = 10.0


@dataclass(slots=True)
class Child:
    """A process that should exist: its pool (none: the chores), and the current fork."""

    pool: Pool | None = None
    pid: int = 0
    slots: Slots = field(default_factory=Slots)
    forked_at: float = 0.0
    fork_at: float = 0.0
    pause: float = 0.5
    timed_out: bool = False

    @property
    def name(self) -> str:
        return f"worker of pool {self.pool.name}" if self.pool else "chores process"

    def plan_replacement(self, status: int, stopping: bool) -> None:
        """Note the end of the fork. One that died young has trouble starting: the next waits longer each time."""
        self.pid = 0
        now = time.monotonic()
        young = now - self.forked_at < YOUNG
        self.fork_at, self.pause = (now + self.pause, min(self.pause * 2, LONGEST_PAUSE)) if young else (now, 0.5)
        if status or (young and not stopping):
            log.error("A %s ended (%s)", self.name, _in_words(status))


class Forker:
    """Runs the pools until SIGTERM."""

    def __init__(self, pools: Sequence[Pool], supervisor_id: int) -> None:
        self._chores = Child()
        self._workers = [Child(pool) for pool in pools for _ in range(pool.max_processes)]
        self._supervisor_id = supervisor_id
        self._pid = os.getpid()
        self._socket: socket.socket | None = None
        self._reports: dict[int, bytes] = {}
        self._unsent: list[int] = []
        self._number = 0
        self._stopping = False

    def run(self) -> None:
        """Fork, watch, replace; on SIGTERM or SIGINT let everything finish, then return."""
        setproctitle("askpro forker")
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        # What is loaded by now stays shared: no collection in a child writes into these pages.
        gc.freeze()
        while not self._stopping:
            self._fork_missing()
            self._wait(TICK)
            self._reap()
            self._kill_overdue()
            self._send_reports()
        self._stop()

    def _fork_missing(self) -> None:
        now = time.monotonic()
        if not self._chores.pid and now >= self._chores.fork_at:
            self._fork_chores()
        for child in self._workers:
            if not child.pid and now >= child.fork_at:
                self._fork_worker(child)

    def _fork_chores(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        old, self._socket = self._socket, ours
        if old is not None:
            old.close()
        # The new process knows nothing: it is told again of every death that was not acknowledged.
        self._unsent = list(self._reports)

        def work() -> None:
            ours.close()
            run_chores(self._supervisor_id, theirs, self._pid)

        self._chores.forked_at = time.monotonic()
        self._chores.pid = _fork(work)
        theirs.close()

    def _fork_worker(self, child: Child) -> None:
        pool = child.pool
        assert pool is not None
        child.slots = Slots()
        child.timed_out = False
        child.forked_at = time.monotonic()

        def work() -> None:
            if self._socket is not None:
                self._socket.close()
            run_worker(pool, child.slots, self._supervisor_id, self._pid)

        child.pid = _fork(work)

    def _wait(self, seconds: float) -> None:
        info = signal.sigtimedwait(SIGNALS, seconds)
        if info is not None and info.si_signo in (signal.SIGTERM, signal.SIGINT):
            self._stopping = True

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._bury(pid, status)

    def _bury(self, pid: int, status: int) -> None:
        for child in (self._chores, *self._workers):
            if child.pid == pid:
                if child.pool is not None:
                    self._report(child)
                child.plan_replacement(status, self._stopping)

    def _report(self, child: Child) -> None:
        if child.slots.worker_id:
            self._number += 1
            now = time.monotonic()
            started = [(item.job_id, item.claim_no, now - item.started) for item in child.slots.started()]
            report = {
                "number": self._number,
                "worker_id": child.slots.worker_id,
                "started": started,
                "timed_out": child.timed_out,
            }
            self._reports[self._number] = json.dumps(report).encode() + b"\n"
            self._unsent.append(self._number)
        child.slots.close()

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for child in self._workers:
            if child.pid and any(now > item.limit + KILL_GRACE for item in child.slots.started()):
                log.error("A job ignored its time limit; the %s is killed", child.name)
                child.timed_out = True
                _signal(child.pid, signal.SIGKILL)

    def _send_reports(self) -> None:
        if self._socket is None:
            return
        try:
            while self._unsent:
                self._socket.sendall(self._reports[self._unsent[0]])
                del self._unsent[0]
            while acknowledged := self._socket.recv(8):
                self._reports.pop(int.from_bytes(acknowledged, "big"), None)
        except (BlockingIOError, ConnectionError):
            # Full, nothing to read, or the chores just died: the next round does it.
            return

    def _stop(self) -> None:
        log.info("Stopping: running jobs finish, claimed ones go back")
        for child in self._workers:
            if child.pid:
                _signal(child.pid, signal.SIGTERM)
        while any(child.pid for child in self._workers):
            self._wait(TICK)
            self._reap()
            self._kill_overdue()
            self._send_reports()
        self._stop_chores()

    def _stop_chores(self) -> None:
        until = time.monotonic() + CHORES_GRACE
        while self._reports and time.monotonic() < until:
            self._send_reports()
            self._wait(TICK / 10)
        if self._socket is not None:
            self._socket.close()
        while self._chores.pid and time.monotonic() < until:
            self._wait(TICK / 10)
            self._reap()
        if self._chores.pid:
            _signal(self._chores.pid, signal.SIGKILL)


def _fork(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # the child's last line: it must never return into the forker's loop
        log.critical("A child process failed", exc_info=True)
    finally:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _in_words(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
