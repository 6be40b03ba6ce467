"""What an `up` that was killed left running."""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress

import psutil

from askpro.dev.up.home import Home
from askpro.dev.up.process import is_alive, wait_until

MARK = "ASKPRO_UP"


def mark(home: Home) -> Mapping[str, str]:
    """Variables that mark the processes of this home, in their environment and that of their children."""
    # Without SPT_NOENV setproctitle writes over the environment that another process can read.
    return {MARK: str(home.path), "SPT_NOENV": "1"}


def find(home: Home) -> list[psutil.Process]:
    """The marked processes of this home. Only ours have the mark."""
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _is_marked(process, home)]


def end(left: list[psutil.Process]) -> None:
    """End them: first they get time to end by themselves, then SIGTERM, then SIGKILL."""
    remaining = _wait(left, 2)  # Linux told them to stop when their owner died
    for sign, seconds in ((signal.SIGTERM, 3), (signal.SIGKILL, 5)):
        for process in remaining:
            with suppress(psutil.Error):
                process.send_signal(sign)
        remaining = _wait(remaining, seconds)


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after `seconds`. Zombies do not count: not every container's init reaps them at once."""
    wait_until(lambda: not any(is_alive(process.pid) for process in processes), seconds)
    return [process for process in processes if is_alive(process.pid)]


def _is_marked(process: psutil.Process, home: Home) -> bool:
    try:
        return process.environ().get(MARK) == str(home.path) and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False
