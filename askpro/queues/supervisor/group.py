"""Worker processes of the same queues: how many there should be, which there are, and when the next may start."""

import logging
import time
from collections.abc import Iterator

from askpro.queues.config import Pool
from askpro.queues.processes.page import Page
from askpro.queues.supervisor.child import Child

log = logging.getLogger(__name__)

# A process that died this young, before its first job, failed to start. The next start waits; the pause doubles up to
# the longest.
YOUNG = 2.0
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0


class Group:
    """The processes of one set of queues in one pool."""

    def __init__(self, name: str, pool: Pool, queues: tuple[str, ...]) -> None:
        self.name = name
        self.pool = pool
        self.queues = queues
        # In a pool that is not balanced, the minimum is all of them; the others start at their minimum.
        self.count = pool.min_processes
        self.children: list[Child] = []
        self._fork_at = 0.0
        self._pause = FIRST_PAUSE
        self._has_trouble = False

    @property
    def working(self) -> list[Child]:
        return [child for child in self.children if not child.leaving_at]

    @property
    def is_complete(self) -> bool:
        """Whether as many as wanted are working."""
        return sum(child.is_ready for child in self.working) >= self.count

    def missing(self, now: float) -> Iterator[Child]:
        """New children to fork."""
        if now < self._fork_at:
            return
        for _ in range(self.count - len(self.working)):
            child = Child(Page(), self.name)
            self.children.append(child)
            yield child

    def dismiss_surplus(self, now: float) -> None:
        """Tell processes beyond the wanted number to leave, the oldest first."""
        working = self.working
        for child in working[: max(0, len(working) - self.count)]:
            child.leave(now)

    def bury(self, child: Child) -> bool:
        """Forget a child that has ended; returns whether failed starts have become a series, to be reported."""
        self.children.remove(child)
        now = time.monotonic()
        if child.leaving_at or child.has_worked or now - child.forked_at >= YOUNG:
            self._pause = FIRST_PAUSE
            return False
        self._fork_at, self._pause = now + self._pause, min(self._pause * 2, LONGEST_PAUSE)
        if self._has_trouble or self._pause <= FIRST_PAUSE * 4:
            return False
        self._has_trouble = True
        return True

    def recovers(self, now: float) -> bool:
        """Whether the series of failed starts is over: all are working, and none is so young that it may still fail."""
        if not (self._has_trouble and self.is_complete and all(now - each.forked_at > YOUNG for each in self.working)):
            return False
        self._has_trouble = False
        return True
