"""Forking a child that never returns into its parent's code."""

import logging
import os
import signal
import sys
from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)


def fork(work: Callable[[], None]) -> int:
    """Do `work` in a child process, which then exits with code 0, or with 1 when `work` raised. Returns its pid."""
    _write_out()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # the child must never return into the forker's loop
        log.critical("A child process failed", exc_info=True)
    finally:
        _say_the_last()
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _write_out() -> None:
    """A child has a copy of what is buffered here, and would write it a second time."""
    for buffered in (*logging.getLogger().handlers, sys.stdout, sys.stderr):
        buffered.flush()


def _say_the_last() -> None:
    """A forked child ends without what Python calls at exit."""
    for path in settings.BEFORE_EXIT:
        try:
            import_string(path)()
        except Exception as error:  # noqa: BLE001 - whatever it is, the process has to end
            log.error("%s failed at the end of a process: %s", path, error)


def in_words(code: int) -> str:
    """How a process ended."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
