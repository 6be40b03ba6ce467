"""A measured program with all its processes: started, suspended between turns, released, ended."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from askpro.dev.up.failure import Failure
from askpro.dev.up.process import end, spawn, wait_until

ROOT = Path(__file__).resolve().parents[4]
START_SECONDS = 60.0
# The time for a killed process to disappear.
LAST_SECONDS = 5.0


class Program:
    """While it is suspended it uses no processor, and so does not disturb the program that is being measured."""

    def __init__(self, name: str, argv: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self._log = folder / f"{name}.log"
        with self._log.open("ab") as log:
            own = {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}
            self._child: subprocess.Popen[bytes] = spawn(argv, env=own, output=log, cwd=ROOT)

    def wait(self, ready: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Wait until `ready`. Raises Failure with the program's last lines if it ends before or takes too long."""
        if not wait_until(lambda: self._child.poll() is not None or ready(), seconds, pause=0.1):
            raise self._failure(f"is not ready after {seconds:.0f} s")
        self.check()

    def check(self) -> None:
        """Raise Failure if the program has ended."""
        if self._child.poll() is not None:
            raise self._failure(f"ended with code {self._child.returncode}")

    @property
    def processes(self) -> list[psutil.Process]:
        """The first process, then all its descendants."""
        first = psutil.Process(self._child.pid)
        return [first, *first.children(recursive=True)]

    def hold(self) -> None:
        self._signal(signal.SIGSTOP, self.processes)

    def release(self) -> None:
        """Let it run again: workers first, so that all of them begin at once."""
        self._signal(signal.SIGCONT, reversed(self.processes))

    def cpu(self) -> float:
        """Seconds of processor time that its processes have used, those that have ended included."""
        seconds = 0.0
        for process in self.processes:
            with suppress(psutil.NoSuchProcess):
                seconds += used(process) + used_by_ended_children(process)
        return seconds

    def ask_to_stop(self) -> None:
        with suppress(psutil.NoSuchProcess):
            self.release()
            self._child.terminate()

    def stop(self) -> None:
        """End it. When this returns, no process is left and nothing more is written."""
        family: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            family = self.processes
        self.ask_to_stop()
        end(self._child.pid, (signal.SIGTERM, 20.0))
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        psutil.wait_procs(family, LAST_SECONDS)

    @staticmethod
    def _signal(number: signal.Signals, processes: Iterable[psutil.Process]) -> None:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _failure(self, what: str) -> Failure:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        return Failure(f"{self.name} {what}. Its last lines:\n  " + "\n  ".join(lines))


def used(process: psutil.Process) -> float:
    """Seconds of processor time of this process."""
    times = process.cpu_times()
    return float(times.user + times.system)


def used_by_ended_children(process: psutil.Process) -> float:
    """Seconds of processor time of its children that have ended and were waited for."""
    times = process.cpu_times()
    return float(getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0))
