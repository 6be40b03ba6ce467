"""Starting processes that do not outlive their owner, and ending them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

PR_SET_PDEATHSIG = 1
NOBODY = 65_534  # Debian's and most systems' unprivileged user and group
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def spawn(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    output: int | IO[bytes],
    farewell: signal.Signals = signal.SIGTERM,
    user: int | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own (a Ctrl-C at the terminal does not reach it).

    When the owner dies, even by kill -9, Linux sends it `farewell`. The owner is a thread, so call from the main one.
    """
    return subprocess.Popen(
        [str(part) for part in argv],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        cwd=cwd,
        preexec_fn=_tie(farewell, os.getpid()),  # it runs after setuid, which would undo it
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def is_serving(pid: int, folder: Path) -> bool:
    """Whether the process is alive and names `folder` in its command line: a process id may be reused."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and any(str(folder) in part for part in process.cmdline())
    except psutil.Error:
        return False


def end(pid: int, *steps: tuple[signal.Signals, float]) -> None:
    """Send each signal and wait its seconds for the process to end; finally send SIGKILL."""
    for sign, seconds in (*steps, (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        if wait_until(lambda: not _remains(pid), seconds):
            return


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Poll the condition for at most `seconds`; whether it came true."""
    limit = time.monotonic() + seconds
    while not (true := condition()) and time.monotonic() < limit:
        time.sleep(pause)
    return true


def _remains(pid: int) -> bool:
    try:
        ended, _ = os.waitpid(pid, os.WNOHANG)  # a child of ours stays a zombie until it is reaped
    except ChildProcessError:
        return is_alive(pid)
    # Once its first thread has ended, a process looks like a zombie, although its other threads may still run.
    return not ended


def _tie(farewell: signal.Signals, owner: int) -> Callable[[], None]:
    def tie() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(farewell), 0, 0, 0)
        if os.getppid() != owner:  # the owner died before the line above
            os._exit(1)

    return tie
