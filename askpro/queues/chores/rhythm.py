"""A chore that runs again and again."""

import time
from collections.abc import Callable


class Rhythm:
    """A function and when it is due again: every so many seconds, or less often if it takes more than its `share` of
    the time."""

    def __init__(self, every: float, run: Callable[[], object], share: float = 1.0) -> None:
        self.every = every
        self.run = run
        self.share = share
        self.due = 0.0

    def run_if_due(self) -> None:
        now = time.monotonic()
        if now >= self.due:
            self.due = now + self.every
            self.run()
            self.due = max(self.due, now + (time.monotonic() - now) / self.share)
