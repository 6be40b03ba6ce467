"""One process's reports: of each cause the first waits here until it may leave, the others are only counted."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sentry_sdk.envelope import Envelope

from askpro.sentry.causes import Cause
from askpro.sentry.tally import Tally

# Seconds that an outage is counted, by every process that sees it, before it is reported.
GATHERING: Final = 60.0
# Seconds between two looks at what was counted.
COUNT_EVERY: Final = 5.0
# The most causes that one process knows; what does not fit is dropped.
MOST: Final = 200


@dataclass(slots=True)
class Seen:
    """A cause as this process knows it. Times are monotonic seconds."""

    # How often it was seen, and nobody told yet.
    count: int = 0
    # What will be reported, and from when on; None while nothing will be.
    envelope: Envelope | None = None
    due: float = 0.0
    # Until then it is only counted: this process or another has reported it.
    quiet_until: float = 0.0

    @property
    def is_wanted(self) -> bool:
        """Whether a report would be taken."""
        return self.envelope is None and time.monotonic() >= self.quiet_until


class Desk:
    """Takes reports in from any thread, at the cost of a look into a dictionary. A thread of its own sends them."""

    def __init__(self, send: Callable[[Envelope, int], None], tally: Tally | None = None) -> None:
        self._send = send
        self._tally = tally or Tally()
        self._seen: dict[Cause, Seen] = {}
        self._changed = threading.Condition()
        self._is_busy = False
        self._thread: threading.Thread | None = None
        self._pid = 0

    def counts(self, cause: Cause) -> bool:
        """Count one more of a cause of which no report is wanted now; False if one is wanted."""
        with self._changed:
            seen = self._seen.get(cause)
            if seen is None or seen.is_wanted:
                return False
            seen.count += 1
            return True

    def take(self, cause: Cause, envelope: Envelope) -> None:
        """Take in the report of a cause. It leaves at once, that of an outage when its first minute was counted."""
        with self._changed:
            if cause not in self._seen and not self._has_room():
                return
            seen = self._seen.setdefault(cause, Seen())
            seen.count += 1
            if seen.is_wanted:
                seen.envelope, seen.due = envelope, time.monotonic() + (GATHERING if cause.outage else 0.0)
                self._ensure_thread()
                self._changed.notify_all()

    def flush(self, seconds: float) -> None:
        """Send what waits now, and wait for that so many seconds at most."""
        with self._changed:
            if self._thread is None or self._pid != os.getpid():
                return
            for seen in self._seen.values():
                seen.due = 0.0
            self._changed.notify_all()
            self._changed.wait_for(lambda: not (self._is_busy or self._due() or self._to_pass_on()), seconds)

    def _has_room(self) -> bool:
        if len(self._seen) >= MOST:
            for cause in [cause for cause, seen in self._seen.items() if seen.is_wanted]:
                del self._seen[cause]
        return len(self._seen) < MOST

    def _ensure_thread(self) -> None:
        """Also in a fork, which has none of the threads of its parent."""
        if self._thread is None or self._pid != os.getpid() or not self._thread.is_alive():
            self._pid, self._is_busy = os.getpid(), False
            self._thread = threading.Thread(target=self._work, name="reports", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._due():
                    self._changed.wait(self._pause())
                due, to_pass_on, self._is_busy = self._due(), self._to_pass_on(), True
            for cause in to_pass_on:
                self._pass_on(cause)
            for cause in due:
                self._report(cause)
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()

    def _pause(self) -> float:
        """Seconds until something is due."""
        waits = [seen.due - time.monotonic() for seen in self._seen.values() if seen.envelope is not None]
        return max(min([COUNT_EVERY, *waits]), 0.0)

    def _due(self) -> list[Cause]:
        now = time.monotonic()
        return [cause for cause, seen in self._seen.items() if seen.envelope is not None and seen.due <= now]

    def _to_pass_on(self) -> list[Cause]:
        return [cause for cause, seen in self._seen.items() if seen.count and (cause.outage or seen.envelope is None)]

    def _pass_on(self, cause: Cause) -> None:
        """Let the next report tell what was counted here, whichever process makes it."""
        seen = self._seen[cause]
        with self._changed:
            count, seen.count = seen.count, 0
        if not self._tally.add(cause, count):
            with self._changed:
                seen.count += count

    def _report(self, cause: Cause) -> None:
        seen = self._seen[cause]
        with self._changed:
            count, seen.count = seen.count, 0
        verdict = self._tally.judge(cause, count)
        with self._changed:
            envelope, seen.envelope = seen.envelope, None
            seen.quiet_until = time.monotonic() + verdict.ask_in
            seen.count += verdict.kept
        if envelope is not None and verdict.is_told:
            self._send(envelope, verdict.count)
