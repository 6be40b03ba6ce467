"""A real `queues_run` of a test's own: started, killed, counted, and gone at the end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from askpro.dev.up import process

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0


class QueuesRun:
    """One supervisor with its children, on the database and Redis that `environment` names."""

    def __init__(self, environment: Mapping[str, str], log: Path, processes: int = 1, threads: int = 1) -> None:
        self._environment = {
            **environment,
            "DJANGO_SETTINGS_MODULE": "tests.queues.process_settings",
            "TEST_PROCESSES": str(processes),
            "TEST_THREADS": str(threads),
        }
        self.log = log
        self._expected = processes
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def start(self, wait: bool = True, through: Sequence[str] = ()) -> "QueuesRun":
        """Start it, `through` a command that executes another one."""
        argv = [*through, sys.executable, "-m", "tests.queues.run"]
        with self.log.open("ab") as output:
            self._child = process.spawn(argv, env=self._environment, output=output, cwd=ROOT)
        if wait:
            self.wait_for_workers()
        return self

    def wait_for_workers(self) -> None:
        """Wait until the chores and all configured workers run, and the workers have their rows."""
        assert wait_until(self.is_complete, START_SECONDS), f"queues_run did not start:\n{self.said()}"

    def is_complete(self) -> bool:
        """Whether every process is there, and the workers are known to PostgreSQL."""
        from askpro.queues.models import Worker  # the chaos test starts servers before Django knows their addresses

        workers = self.workers()
        registered = Worker.objects.filter(pid__in=workers, status="running").count()
        return len(workers) == registered == self._expected and bool(self.chores())

    def workers(self) -> list[int]:
        return self._children("askpro worker")

    def chores(self) -> list[int]:
        return self._children("askpro chores")

    def children(self) -> list[int]:
        """Every living child, by any name."""
        return self._children("")

    def kill(self) -> None:
        """kill -9 of the forker alone; what happens to its children is what tests look at."""
        assert self._child is not None
        self._child.kill()
        self._child.wait()

    def signal_all(self, number: signal.Signals) -> None:
        """Signal the whole process group at once, as when a host loses power or is frozen."""
        os.killpg(self.pid, number)

    def signal(self, number: signal.Signals) -> None:
        """Signal only the forker."""
        kill(self.pid, number)

    def terminate(self) -> None:
        assert self._child is not None
        self._child.terminate()

    def wait(self, seconds: float) -> int:
        """The exit code, once the process has ended by itself."""
        assert self._child is not None
        return self._child.wait(seconds)

    def stop(self) -> None:
        """Kill it: nothing may outlive its test, not even children of a killed forker."""
        if self._child is None:
            return
        children = self.children()
        with suppress(ProcessLookupError):
            self.signal_all(signal.SIGKILL)
        self._child.wait()
        assert wait_until(lambda: not any(map(process.is_alive, children)), 5), "a child outlived its test"

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _children(self, title: str) -> list[int]:
        try:
            children = psutil.Process(self.pid).children()
        except psutil.NoSuchProcess:
            return []
        return [child.pid for child in children if _title(child).startswith(title)]


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Signal a process that may be gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def wait_until(condition: Callable[[], object], seconds: float) -> bool:
    """Whether the condition came true within `seconds`.

    Each check of living processes takes some milliseconds of a processor, which those processes need themselves.
    """
    return process.wait_until(lambda: bool(condition()), seconds, pause=0.03)


def seconds_until(condition: Callable[[], object], limit: float) -> float:
    """How long the condition took to come true; fails the test after `limit` seconds."""
    began = time.monotonic()
    assert wait_until(condition, limit), f"did not come true within {limit} s"
    return time.monotonic() - began


def slowness() -> float:
    """How many times longer work takes now than on an idle machine: 1 when no other test wants the processors."""
    began, used = time.monotonic(), time.thread_time()
    while (mine := time.thread_time() - used) < 0.1:
        pass
    return max(1.0, (time.monotonic() - began) / mine)


def _title(child: psutil.Process) -> str:
    try:
        return " ".join(child.cmdline()) if child.status() != psutil.STATUS_ZOMBIE else "\0"
    except psutil.Error:
        return "\0"
