"""What all workers of a forker have done and do, by queue: read from their slots, kept over their ends."""

import time
from collections.abc import Iterable

from askpro.queues.processes.page import Slots

Counts = dict[str, tuple[int, float]]


class Tally:
    """Runs of each queue's jobs and the seconds they took, those of ended workers included."""

    def __init__(self) -> None:
        self._ended: Counts = {}

    def keep(self, slots: Slots) -> None:
        """The worker has ended: remember what it had done."""
        _add(self._ended, slots.done())

    def done(self, pages: Iterable[Slots]) -> Counts:
        total = dict(self._ended)
        for slots in pages:
            _add(total, slots.done())
        return total


def running(pages: Iterable[Slots]) -> Counts:
    """Jobs of each queue that run now, and the seconds that they have run, together."""
    now = time.monotonic()
    total: Counts = {}
    for slots in pages:
        for item in slots.started():
            _add(total, {item.queue_name: (1, now - item.started)})
    return total


def _add(total: Counts, more: Counts) -> None:
    for queue, (count, seconds) in more.items():
        count_before, seconds_before = total.get(queue, (0, 0.0))
        total[queue] = count_before + count, seconds_before + seconds
