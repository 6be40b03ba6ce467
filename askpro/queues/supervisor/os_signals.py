"""The forker's signals: blocked, and taken one by one between two rounds, so that none interrupts anything."""

import signal
import time

STOP = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
RESTART = signal.SIGUSR1
SIGNALS = STOP | {RESTART, signal.SIGCHLD}
# Seconds between two looks at the pending signals, on systems that cannot wait for one with a timeout (macOS).
POLL_EVERY = 0.05


def block() -> None:
    """From now on signals wait until `wait` takes them, even across an exec."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def wait(seconds: float) -> int | None:
    """The next signal; None when none comes within `seconds`."""
    if hasattr(signal, "sigtimedwait"):
        info = signal.sigtimedwait(SIGNALS, seconds)
        return info.si_signo if info else None
    return _poll(seconds)


def _poll(seconds: float) -> int | None:
    until = time.monotonic() + seconds
    while not (pending := signal.sigpending() & SIGNALS):
        if time.monotonic() >= until:
            return None
        time.sleep(POLL_EVERY)
    return signal.sigwait(pending)
