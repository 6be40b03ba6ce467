"""What a benchmark that was killed has left: held still, its programs did not hear that they should end."""

import os
from contextlib import suppress

import psutil

from askpro.dev.up.process import is_alive

MARK = "ASKPRO_BENCH"


def mark(place: str) -> dict[str, str]:
    """The variables by which everything that this process starts is known later: where it ran, and for whom."""
    # Without SPT_NOENV setproctitle writes over the environment that another process can read.
    return {MARK: f"{place} {os.getpid()}", "SPT_NOENV": "1"}


def end(place: str) -> None:
    """End the programs of runs at `place` whose benchmark is gone. Nothing in them is worth a farewell."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            where, _, owner = process.environ().get(MARK, "").rpartition(" ")
            if where == place and process.pid != os.getpid() and not is_alive(int(owner)):
                process.kill()
                process.wait(5)
