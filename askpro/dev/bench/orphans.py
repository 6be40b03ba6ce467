"""Ends the programs of a benchmark that was killed: suspended ones could not react to the signal to end."""

import os
from contextlib import suppress

import psutil

from askpro.dev.up.process import is_alive

MARK = "ASKPRO_BENCH"


def mark(place: str) -> dict[str, str]:
    """Environment variables that mark all programs this process starts: with the place, and with this process's id."""
    # Without SPT_NOENV, setproctitle overwrites the environment that other processes can read.
    return {MARK: f"{place} {os.getpid()}", "SPT_NOENV": "1"}


def end(place: str) -> None:
    """End the programs of runs at `place` whose benchmark is gone. They are killed: they hold nothing worth saving."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            where, _, owner = process.environ().get(MARK, "").rpartition(" ")
            if where == place and process.pid != os.getpid() and not is_alive(int(owner)):
                process.kill()
                process.wait(5)
