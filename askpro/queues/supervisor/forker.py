"""The forker: loads Django once, forks chores and workers, replaces dead ones. Single-threaded, no connections open."""

import gc
import logging
import os
import signal
import time
from collections.abc import Sequence

from setproctitle import setproctitle

from askpro.queues.config import Pool
from askpro.queues.fleet.state import STUCK_AFTER
from askpro.queues.processes.empty_looks import EmptyLooks
from askpro.queues.processes.fork import fork, in_words
from askpro.queues.processes.link import (
    AskStacks,
    LookForProfiles,
    Recall,
    Recycled,
    Report,
    Restart,
    Restarted,
    RestartTrouble,
    Scale,
    Stop,
    Trouble,
    Well,
)
from askpro.queues.supervisor import os_signals
from askpro.queues.supervisor.child import KILL_GRACE, Child, private_memory, send_signal
from askpro.queues.supervisor.chores_process import ChoresProcess
from askpro.queues.supervisor.group import Group
from askpro.queues.supervisor.reexec import Preflight, Takeover
from askpro.queues.supervisor.stack_asking import StackAsking
from askpro.queues.supervisor.tally import Tally, running
from askpro.queues.supervisor.vitals import vitals
from askpro.queues.worker.process import run_worker

log = logging.getLogger(__name__)

# Seconds between two rounds of the loop when no signal comes.
TICK = 0.25
# Seconds between two looks at what the workers run and whether they live.
LOOK_EVERY = 0.5
# Seconds between two reports of the state to the chores.
STATE_EVERY = 1.0
# Seconds between two measurements of every worker's memory.
MEASURE_EVERY = 10.0
# Seconds that the chores may take to recover the last deaths at a stop.
CHORES_GRACE = 10.0


class Forker:
    """Runs the pools until SIGTERM. On SIGUSR1, or on a command to the fleet, it re-executes itself."""

    def __init__(self, pools: Sequence[Pool], supervisor_id: int, inherited: Takeover | None = None) -> None:
        self._pools = pools
        self._groups = {name: Group(name, pool, queues) for pool in pools for name, queues in pool.groups.items()}
        self._supervisor_id = supervisor_id
        self._pid = os.getpid()
        self._empty_looks = EmptyLooks()
        self._chores = ChoresProcess(supervisor_id, pools, self._empty_looks)
        self._preflight = Preflight()
        self._stack_asking = StackAsking(self._chores.say)
        # Processes with the old code: they work until their successors do.
        self._old: list[Child] = []
        self._tally = Tally()
        self._looked_at = self._patient_until = self._state_at = self._measure_at = 0.0
        self._stopping = False
        self._has_news = inherited is not None
        if inherited is not None:
            self._old = inherited.children
            self._chores.reports, self._chores.link = inherited.reports, inherited.link
            for name, count in inherited.counts.items():
                self._scale(name, count)

    def run(self) -> None:
        """Fork, watch and replace processes; on SIGTERM or SIGINT let running jobs finish, then return."""
        setproctitle("askpro forker")
        os_signals.block()
        # What is loaded by now stays shared memory: no garbage collection in a child writes to these pages.
        gc.freeze()
        while not self._stopping:
            self._fork_missing()
            self._wait(TICK)
            self._turn()
        self._stop()

    def _turn(self) -> None:
        self._reap()
        self._listen()
        self._stack_asking.look(self._children(), time.monotonic())
        self._look_after()
        self._measure()
        self._report_state()

    def _fork_missing(self) -> None:
        now = time.monotonic()
        self._chores.fork_if_missing(now)
        for group in self._groups.values():
            group.dismiss_surplus(now)
            for child in group.missing(now):
                self._fork_worker(group, child)
            if group.recovers(now):
                self._chores.say(Well(group.name))
        if self._has_news and all(group.is_complete for group in self._groups.values()):
            self._has_news = False
            self._chores.say(Restarted())
        for child in self._old:
            successor = self._groups.get(child.group)
            if successor is None or successor.is_complete:
                child.leave(now)

    def _fork_worker(self, group: Group, child: Child) -> None:
        def work() -> None:
            self._chores.close()
            for other in self._children():
                if other is not child:
                    other.page.close()
            run_worker(
                group.name, group.pool, group.queues, child.page, self._empty_looks, self._supervisor_id, self._pid
            )

        child.pid = fork(work)

    def _children(self) -> list[Child]:
        return [*self._old, *(child for group in self._groups.values() for child in group.children)]

    def _wait(self, seconds: float) -> None:
        number = os_signals.wait(seconds)
        if number in os_signals.STOP:
            self._stopping = True
        elif number == os_signals.RESTART:
            self._preflight.start()

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
        if pid == self._chores.pid:
            self._chores.bury(code, is_expected=self._stopping)
        elif pid == self._preflight.pid:
            self._end_preflight(code)
        for child in self._children():
            if child.pid == pid:
                self._bury_worker(child, code)

    def _bury_worker(self, child: Child, code: int) -> None:
        self._tally.keep(child.page)
        self._chores.report_death(child)
        if child in self._old:
            self._old.remove(child)
            child.page.close()
            return
        group = self._groups[child.group]
        is_trouble = group.bury(child)
        child.page.close()
        if code or not (child.leaving_at or self._stopping):
            log.error("A worker of pool %s ended (%s)", child.group, in_words(code))
        if is_trouble:
            self._chores.say(Trouble(child.group, in_words(code)))

    def _listen(self) -> None:
        for said in self._chores.heard():
            match said:
                case Scale(group, count):
                    self._scale(group, count)
                case Recall():
                    for child in self._children():
                        child.page.recall()
                case LookForProfiles():
                    for child in self._children():
                        child.call()
                case AskStacks():
                    self._stack_asking.ask(said, self._children(), time.monotonic())
                case Restart():
                    self._preflight.start()
                case Stop():
                    self._stopping = True

    def _scale(self, name: str, count: int) -> None:
        if name in self._groups:
            self._groups[name].count = count

    def _look_after(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < LOOK_EVERY:
            return
        if now - self._looked_at > STUCK_AFTER / 3:
            # This process itself did not get its turn: that it saw no sign of life in the meantime proves nothing.
            self._patient_until = now + STUCK_AFTER
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
        self._chores.kill_if_stopped()
        self._preflight.kill_if_late()
        for group in self._groups.values():
            for child in group.working if group.pool.memory else ():
                child.memory = private_memory(child.pid)
                if child.memory > group.pool.memory:
                    self._recycle(child, f"holds {child.memory:.0f} MB of {group.pool.memory} MB")

    def _recycle(self, child: Child, reason: str) -> None:
        log.info("A worker of pool %s is recycled: %s", child.group, reason)
        child.leave(time.monotonic())
        self._chores.say(Recycled(child.group, reason))

    def _report_state(self) -> None:
        now = time.monotonic()
        if now < self._state_at or not self._chores.listens:
            return
        self._state_at = now + STATE_EVERY
        processes = {group.name: [len(group.working), len(group.children)] for group in self._groups.values()}
        children = self._children()
        pages = [child.page for child in children]
        done, now_running = self._tally.done(pages), running(pages)
        wanted = {group.name: group.count for group in self._groups.values()}
        self._chores.say(Report(processes, wanted, vitals(children), done, now_running))

    def _end_preflight(self, code: int) -> None:
        if self._stopping or not self._preflight.end():
            return
        if code:
            log.error("The new code does not start (%s); the old code keeps running", in_words(code))
            self._chores.say(RestartTrouble(in_words(code)))
            return
        log.info("Restarting with the current code")
        counts = {group.name: group.count for group in self._groups.values()}
        chores = self._chores
        Takeover(self._supervisor_id, self._children(), chores.reports, counts, chores.link).execute()

    def _stop(self) -> None:
        log.info("Stopping: running jobs finish, claimed ones go back")
        self._preflight.kill()
        until = time.monotonic() + max(pool.time_limit for pool in self._pools) + KILL_GRACE
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
        while self._chores.reports and self._chores.pid and time.monotonic() < until:
            self._listen()
            self._wait(TICK / 10)
            self._reap()
        self._chores.farewell()
        while self._chores.pid and time.monotonic() < until:
            self._wait(TICK / 10)
            self._reap()
        self._chores.kill()
