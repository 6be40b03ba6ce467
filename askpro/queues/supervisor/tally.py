"""What all workers of a forker have done and are doing, by queue: read from their pages, and kept when they end."""

import time
from collections.abc import Iterable

from askpro.queues.processes.page import Page

Counts = dict[str, tuple[int, float]]


class Tally:
    """Runs of each queue's jobs and the seconds they took, those of ended workers included."""

    def __init__(self) -> None:
        self._ended: Counts = {}

    def keep(self, page: Page) -> None:
        """The worker has ended: remember what it had done."""
        _add(self._ended, page.done())

    def done(self, pages: Iterable[Page]) -> Counts:
        total = dict(self._ended)
        for page in pages:
            _add(total, page.done())
        return total


def running(pages: Iterable[Page]) -> Counts:
    """The running jobs of each queue, and the sum of the seconds that they have run."""
    now = time.monotonic()
    total: Counts = {}
    for page in pages:
        for item in page.started():
            _add(total, {item.queue_name: (1, now - item.started)})
    return total


def _add(total: Counts, more: Counts) -> None:
    for queue, (count, seconds) in more.items():
        count_before, seconds_before = total.get(queue, (0, 0.0))
        total[queue] = count_before + count, seconds_before + seconds
