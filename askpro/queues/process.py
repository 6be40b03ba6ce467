"""What every child of the forker does first: die with its parent, take default signals, carry its name."""

import ctypes
import os
import signal
import sys

from setproctitle import setproctitle

PR_SET_PDEATHSIG = 1


def become_child(title: str, parent: int) -> None:
    """Set up a fresh fork. It is killed when the forker ends, so that no orphan works unseen (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # The parent died between the fork and the line above.
        os._exit(1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    setproctitle(title)
