"""Keeps the processes of `manage.py up` running: their output, their restarts, their end. One thread, one loop."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.text import Text

from askpro.dev.up.failure import Failure
from askpro.dev.up.process import spawn
from askpro.dev.up.procfile import Process

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a dead process is restarted; doubled each time
SETTLED = 30.0  # seconds after which an earlier death no longer counts
HOPELESS = 3  # deaths before the system was ever ready
LONGEST_LINE = 64 * 1024
LOG_BYTES = 10 * 1024 * 1024


@dataclass
class Kept:
    """A process and what happened to it."""

    process: Process
    child: subprocess.Popen[bytes] | None = None
    log: BinaryIO | None = None
    rest: bytes = b""
    started: float = 0.0
    again_at: float = 0.0
    deaths: int = 0
    last: list[str] = field(default_factory=list)


class Keeper:
    """Starts processes with one environment; `turn` is one round of the loop and must be called continually."""

    def __init__(self, env: Mapping[str, str], logs: Path, root: Path, console: Console) -> None:
        self._env = env
        self._logs = logs
        self._root = root
        self._console = console
        self._kept: list[Kept] = []
        self._selector = selectors.DefaultSelector()
        self.is_ready = False
        self.is_hurried = False

    def start(self, process: Process) -> None:
        kept = Kept(process, log=self._open_log(process.name))
        self._kept.append(kept)
        self._spawn(kept)

    def run(self, process: Process, *, show: bool = True, seconds: float = 120.0) -> tuple[int, list[str]]:
        """Run a command that ends, beside the others; its exit code and last lines."""
        kept = Kept(process, log=self._open_log(process.name))
        self._spawn(kept, show=show)
        limit = time.monotonic() + seconds
        while kept.child is not None and kept.child.poll() is None:
            self.turn(0.05)
            if time.monotonic() > limit:
                self._kill(kept)
        self._drain(kept)
        return (kept.child.returncode if kept.child else 1), kept.last

    def wait(self, seconds: float) -> None:
        """Until every process that can tell is ready. Raises Failure when one keeps dying or takes too long."""
        limit = time.monotonic() + seconds
        waiting = [kept for kept in self._kept if kept.process.ready]
        while waiting:
            self.turn(0.1)
            waiting = [kept for kept in waiting if kept.process.ready and not kept.process.ready()]
            if waiting and time.monotonic() > limit:
                raise self._failure(waiting[0], f"is not ready after {seconds:.0f} s")
        self.is_ready = True

    def turn(self, seconds: float) -> None:
        """Pass on output for `seconds`, then restart processes that have died."""
        for key, _ in self._selector.select(seconds):
            key.data()
        for kept in self._kept:
            self._look_after(kept)

    def stop(self) -> None:
        """End them one by one, the last started first. Each gets its grace, unless a second signal asks for haste."""
        for kept in reversed(self._kept):
            if kept.child is not None and kept.child.poll() is None:
                kept.child.send_signal(signal.SIGTERM)
                limit = time.monotonic() + kept.process.grace
                while kept.child.poll() is None and time.monotonic() < limit and not self.is_hurried:
                    for key, _ in self._selector.select(0.05):
                        key.data()
            self._kill(kept)
            self._drain(kept)
        self._kept.clear()

    def _spawn(self, kept: Kept, *, show: bool = True) -> None:
        child = spawn(kept.process.argv, env=self._env, output=subprocess.PIPE, cwd=self._root)
        assert child.stdout is not None
        os.set_blocking(child.stdout.fileno(), False)
        kept.child, kept.started, kept.again_at = child, time.monotonic(), 0.0
        self._selector.register(child.stdout, selectors.EVENT_READ, self._reader(kept, child.stdout.fileno(), show))

    def _look_after(self, kept: Kept) -> None:
        now = time.monotonic()
        if kept.child is None or kept.child.poll() is None:
            return
        if not kept.again_at:
            self._drain(kept)
            self._kill(kept)  # children that it left behind would hold its port
            kept.deaths = 1 if now - kept.started > SETTLED else kept.deaths + 1
            if kept.deaths >= HOPELESS and not self.is_ready:
                raise self._failure(kept, f"ended {kept.deaths} times")
            pause = min(FIRST_PAUSE * 2 ** (kept.deaths - 1), LONGEST_PAUSE)
            kept.again_at = now + pause
            self._say(kept, f"ended with code {kept.child.returncode}; again in {pause:.1f} s", "bold red")
        elif now >= kept.again_at:
            self._spawn(kept)

    def _reader(self, kept: Kept, descriptor: int, show: bool) -> Callable[[], bool]:
        def read() -> bool:
            try:
                data = os.read(descriptor, LONGEST_LINE)
            except BlockingIOError:
                return False
            self._take(kept, data, show)
            return bool(data)

        return read

    def _take(self, kept: Kept, data: bytes, show: bool) -> None:
        if kept.log:
            kept.log.write(data)
            kept.log.flush()
        if not data and kept.child and kept.child.stdout:  # the end of its output
            with suppress(KeyError, ValueError):
                self._selector.unregister(kept.child.stdout)
        *lines, kept.rest = (kept.rest + data).split(b"\n")
        if kept.rest and (not data or len(kept.rest) > LONGEST_LINE):
            lines, kept.rest = [*lines, kept.rest], b""
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip("\r")
            kept.last = [*kept.last[-19:], text]
            if show:
                self._say(kept, text)

    def _drain(self, kept: Kept) -> None:
        """Everything that is still in the pipe."""
        if kept.child is None or kept.child.stdout is None or kept.child.stdout.closed:
            return
        with suppress(KeyError, ValueError):
            read = self._selector.get_key(kept.child.stdout).data
            while read():
                pass
            self._selector.unregister(kept.child.stdout)
        kept.child.stdout.close()

    def _kill(self, kept: Kept) -> None:
        """Kill the process and what remains of its session."""
        if kept.child is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(kept.child.pid, signal.SIGKILL)
            kept.child.wait()

    def _open_log(self, name: str) -> BinaryIO:
        path = self._logs / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")

    def _say(self, kept: Kept, text: str, style: str = "") -> None:
        line = Text(f"{kept.process.name:>8} │ ", style=kept.process.color)
        line.append_text(Text.from_ansi(text, style=style))
        with suppress(OSError):  # the terminal is gone; the log has it
            self._console.print(line, soft_wrap=True)

    def _failure(self, kept: Kept, what: str) -> Failure:
        tail = "\n  ".join(kept.last[-12:])
        return Failure(
            f"{kept.process.name} {what}. Its last lines:\n  {tail}", f"All of it: {self._logs}/{kept.process.name}.log"
        )
