"""The forker: loads Django once, forks chores and workers, replaces the dead. Single-threaded, nothing open."""

import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from setproctitle import setproctitle

from askpro.queues import takeover
from askpro.queues.choring import run_chores
from askpro.queues.config import Pool
from askpro.queues.group import KILL_GRACE, SILENCE, Child, Group, is_stopped, private_memory, send_signal
from askpro.queues.link import Link
from askpro.queues.rounds import Rounds
from askpro.queues.takeover import Takeover
from askpro.queues.tally import Tally, running
from askpro.queues.vitals import vitals
from askpro.queues.worker import run_worker

log = logging.getLogger(__name__)

STOP = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
SIGNALS = STOP | {signal.SIGUSR1, signal.SIGCHLD}
# Seconds between two looks at everything when no signal comes.
TICK = 0.25
# Seconds between two looks at what the workers run and whether they live.
LOOK_EVERY = 0.5
# Seconds between two reports of the state to the chores.
STATE_EVERY = 1.0
# Seconds between two measurements of every worker's memory.
MEASURE_EVERY = 10.0
# Seconds that new code has to load.
PREFLIGHT_LIMIT = 60.0
# How long the chores may take to recover the last deaths at a stop.
CHORES_GRACE = 10.0
# Seconds between two starts of a chores process that ended.
CHORES_PAUSE = 1.0


class Forker:
    """Runs the pools until SIGTERM. SIGUSR1, or the fleet's command, has it execute itself anew."""

    def __init__(self, pools: Sequence[Pool], supervisor_id: int, inherited: Takeover | None = None) -> None:
        self._pools = pools
        self._groups = {name: Group(name, pool, queues) for pool in pools for name, queues in pool.groups.items()}
        self._supervisor_id = supervisor_id
        self._pid = os.getpid()
        self._link: Link | None = None
        self._chores_pid = 0
        self._fork_chores_at = 0.0
        self._reports: dict[int, dict[str, Any]] = {}
        # Processes with the code of before: they work until their successors do.
        self._old: list[Child] = []
        self._tally = Tally()
        self._rounds = Rounds()
        self._preflight_pid = 0
        self._preflight_until = 0.0
        self._looked_at = self._patient_until = self._state_at = self._measure_at = 0.0
        self._stopping = False
        if inherited is not None:
            self._old, self._reports, self._link = inherited.children, inherited.reports, inherited.link
            for name, count in inherited.counts.items():
                self._scale(name, count)

    def run(self) -> None:
        """Fork, watch, replace; on SIGTERM or SIGINT let everything finish, then return."""
        setproctitle("askpro forker")
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        # What is loaded by now stays shared: no collection in a child writes into these pages.
        gc.freeze()
        while not self._stopping:
            self._fork_missing()
            self._wait(TICK)
            self._turn()
        self._stop()

    def _turn(self) -> None:
        self._reap()
        self._listen()
        self._look_after()
        self._measure()
        self._report_state()

    def _fork_missing(self) -> None:
        now = time.monotonic()
        if not self._chores_pid and now >= self._fork_chores_at:
            self._fork_chores_at = now + CHORES_PAUSE
            self._fork_chores()
        for group in self._groups.values():
            group.dismiss_surplus(now)
            for child in group.missing(now):
                self._fork_worker(group, child)
        for child in self._old:
            successor = self._groups.get(child.group)
            if successor is None or successor.is_complete:
                child.leave(now)

    def _fork_chores(self) -> None:
        ours, theirs = Link.pair()
        old, self._link = self._link, ours
        if old is not None:
            # After a takeover the old chores process still lives; this is its end.
            old.close()

        def work() -> None:
            ours.close()
            run_chores(self._supervisor_id, self._pools, theirs, self._pid)

        self._chores_pid = _fork(work)
        theirs.close()
        # The new process knows nothing: it is told again of every death that was not acknowledged.
        for number, report in self._reports.items():
            ours.send("death", number=number, **report)

    def _fork_worker(self, group: Group, child: Child) -> None:
        def work() -> None:
            if self._link is not None:
                self._link.close()
            for other in self._children():
                if other is not child:
                    other.slots.close()
            run_worker(group, child.slots, self._rounds, self._supervisor_id, self._pid)

        child.pid = _fork(work)

    def _children(self) -> list[Child]:
        return [*self._old, *(child for group in self._groups.values() for child in group.children)]

    def _wait(self, seconds: float) -> None:
        info = signal.sigtimedwait(SIGNALS, seconds)
        if info is None:
            return
        if info.si_signo in STOP:
            self._stopping = True
        elif info.si_signo == signal.SIGUSR1:
            self._start_preflight()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._bury(pid, os.waitstatus_to_exitcode(status))

    def _bury(self, pid: int, code: int) -> None:
        if pid == self._chores_pid:
            self._chores_pid = 0
            if code or not self._stopping:
                log.error("A chores process ended (%s)", _in_words(code))
        elif pid == self._preflight_pid:
            self._preflight_pid = 0
            self._end_preflight(code)
        for child in self._children():
            if child.pid == pid:
                self._bury_worker(child, code)

    def _bury_worker(self, child: Child, code: int) -> None:
        self._tally.keep(child.slots)
        self._report_death(child)
        if child in self._old:
            self._old.remove(child)
            child.slots.close()
            return
        group = self._groups[child.group]
        is_trouble = group.bury(child)
        child.slots.close()
        if code or not (child.leaving_at or self._stopping):
            log.error("A worker of pool %s ended (%s)", child.group, _in_words(code))
        if is_trouble:
            self._say("trouble", group=child.group, text=_in_words(code))

    def _report_death(self, child: Child) -> None:
        if not child.slots.worker_id:
            return
        now, started = time.monotonic(), child.slots.started()
        number = time.monotonic_ns()
        report = self._reports[number] = {
            "worker_id": child.slots.worker_id,
            "started": [(item.job_id, item.claim_no, now - item.started) for item in started],
            "culprits": [item.job_id for item in started if now > item.limit + KILL_GRACE],
            "cause": child.cause,
            "stacks": child.slots.stacks() if child.cause else "",
            "pool": child.group,
        }
        self._say("death", number=number, **report)

    def _say(self, word: str, **values: Any) -> None:
        if self._link is not None:
            self._link.send(word, **values)

    def _listen(self) -> None:
        if self._link is None:
            return
        self._link.flush()
        for message in self._link.receive():
            match message["word"]:
                case "recovered":
                    self._reports.pop(message["number"], None)
                case "scale":
                    self._scale(message["group"], message["count"])
                case "recall":
                    for child in self._children():
                        child.slots.recall()
                case "restart":
                    self._start_preflight()
                case "stop":
                    self._stopping = True

    def _scale(self, name: str, count: int) -> None:
        if name in self._groups:
            self._groups[name].count = count

    def _look_after(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < LOOK_EVERY:
            return
        if now - self._looked_at > SILENCE / 3:
            # This process itself did not get its turn: what it did not see in the meantime proves nothing.
            self._patient_until = now + SILENCE
        self._looked_at = now
        for child in self._children():
            child.look(now, may_be_stuck=now > self._patient_until)
        for group in self._groups.values():
            for child in group.working:
                if reason := child.reason_to_leave(group.pool, now):
                    self._recycle(child, reason)

    def _measure(self) -> None:
        now = time.monotonic()
        if now < self._measure_at:
            return
        self._measure_at = now + MEASURE_EVERY
        if self._preflight_pid and now > self._preflight_until:
            # Its end is reported like any other; a later restart must not wait for it.
            send_signal(self._preflight_pid, signal.SIGKILL)
        if self._chores_pid and is_stopped(self._chores_pid):
            log.error("The chores process is stopped; it is killed")
            send_signal(self._chores_pid, signal.SIGKILL)
        for group in self._groups.values():
            for child in group.working if group.pool.memory else ():
                child.memory = private_memory(child.pid)
                if child.memory > group.pool.memory:
                    self._recycle(child, f"holds {child.memory:.0f} MB of {group.pool.memory} MB")

    def _recycle(self, child: Child, reason: str) -> None:
        log.warning("A worker of pool %s makes way for a new one: %s", child.group, reason)
        child.leave(time.monotonic())
        self._say("recycled", group=child.group, text=reason)

    def _report_state(self) -> None:
        now = time.monotonic()
        if now < self._state_at or self._link is None or self._link.is_jammed:
            return
        self._state_at = now + STATE_EVERY
        processes = {group.name: [len(group.working), len(group.children)] for group in self._groups.values()}
        children = self._children()
        pages = [child.slots for child in children]
        done, now_running = self._tally.done(pages), running(pages)
        self._say("state", processes=processes, done=done, running=now_running, workers=vitals(children))

    def _start_preflight(self) -> None:
        """See whether the code of now starts at all; the workers go on meanwhile."""
        if not self._preflight_pid:
            self._preflight_pid = takeover.start_preflight()
            self._preflight_until = time.monotonic() + PREFLIGHT_LIMIT

    def _end_preflight(self, code: int) -> None:
        if code:
            log.error("The new code does not start (%s); the old goes on", _in_words(code))
            self._say("restart_trouble", text=_in_words(code))
        elif not self._stopping:
            log.info("Starting anew with the code of now")
            counts = {group.name: group.count for group in self._groups.values()}
            Takeover(self._supervisor_id, self._children(), self._reports, counts, self._link).execute()

    def _stop(self) -> None:
        log.info("Stopping: running jobs finish, claimed ones go back")
        until = time.monotonic() + max(pool.time_limit for pool in self._pools) + KILL_GRACE
        if self._preflight_pid:
            send_signal(self._preflight_pid, signal.SIGKILL)
        for child in self._children():
            child.leave(time.monotonic())
        while children := self._children():
            self._wait(TICK)
            self._turn()
            if time.monotonic() > until:
                for child in children:
                    child.cause = child.cause or "stopped"
                    send_signal(child.pid, signal.SIGKILL)
        self._stop_chores()

    def _stop_chores(self) -> None:
        until = time.monotonic() + CHORES_GRACE
        while self._reports and self._chores_pid and time.monotonic() < until:
            self._listen()
            self._wait(TICK / 10)
            self._reap()
        if self._link is not None:
            self._link.send("farewell")
            self._link.close()
        while self._chores_pid and time.monotonic() < until:
            self._wait(TICK / 10)
            self._reap()
        if self._chores_pid:
            send_signal(self._chores_pid, signal.SIGKILL)


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


def _in_words(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
