"""One look for all threads of a process, and an answer in time even while the look hangs."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """What `look` last found, at most `fresh` seconds old.

    A look runs in a thread of its own, one at a time, because nothing else bounds a statement on a server that has
    stopped: libpq has a time-out for connecting, and none for an answer.
    """

    def __init__(self, look: Callable[[], T], fresh: float, patience: float) -> None:
        self._look, self._fresh, self._patience = look, fresh, patience
        self._changed = threading.Condition()
        self._answer: T | None = None
        self._number = 0
        self._ended_at = -fresh
        self._began_at: float | None = None

    def get(self) -> T | None:
        """The answer; None when a look has taken longer than `patience` seconds, or has failed."""
        with self._changed:
            if time.monotonic() - self._ended_at < self._fresh:
                return self._answer
            before, began_at = self._number, self._begin()
            left = began_at + self._patience - time.monotonic()
            is_there = self._changed.wait_for(lambda: self._number != before, max(left, 0.0))
            return self._answer if is_there else None

    def _begin(self) -> float:
        """When the look that is under way began; begins one where there is none."""
        if self._began_at is None:
            self._began_at = time.monotonic()
            threading.Thread(target=self._run, name="health", daemon=True).start()
        return self._began_at

    def _run(self) -> None:
        answer = None
        try:
            answer = self._look()
        finally:
            with self._changed:
                self._answer, self._number = answer, self._number + 1
                self._ended_at, self._began_at = time.monotonic(), None
                self._changed.notify_all()
