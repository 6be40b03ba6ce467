"""What every child of the forker sets up first: that it dies with its parent, its signals, its name, error reports."""

import ctypes
import os
import signal
import sys
import threading
import time

from django.conf import settings
from django.utils.module_loading import import_string
from setproctitle import setproctitle

from askpro.queues.ledger import hints

PR_SET_PDEATHSIG = 1
# Seconds between two looks at the parent, on systems that do not kill a process when its parent dies.
LOOK_EVERY = 1.0


def become_child(title: str, parent: int) -> None:
    """Set up a fresh fork. It is killed when the forker ends, so that no orphan works unseen."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=end_with, args=(parent,), name="parent", daemon=True).start()
    if os.getppid() != parent:
        # The parent died between the fork and the line above.
        os._exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # A terminal sends these to all processes at once; the forker ends its children in order.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    setproctitle(title)
    hints.pusher.cache_clear()
    for path in settings.AFTER_FORK:
        import_string(path)()


def end_with(parent: int) -> None:
    """End this process within a second of its parent's end."""
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os._exit(1)
