"""A chore that runs again and again."""

import time
from collections.abc import Callable


class Rhythm:
    """A function and when it is due again."""

    def __init__(self, every: float, run: Callable[[], object]) -> None:
        self.every = every
        self.run = run
        self.due = 0.0

    def run_if_due(self) -> None:
        now = time.monotonic()
        if now >= self.due:
            self.due = now + self.every
            self.run()
