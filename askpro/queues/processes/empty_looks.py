"""What a worker's last look into a queue has shown: when there was nothing, and where the oldest jobs are.

Shared by a forker's workers: one look serves them all.

A look by age costs PostgreSQL and the process more than everything else that an idle worker does.
"""

import mmap
import struct
import time

from askpro.queues.config import queue_names
from askpro.queues.ledger.floors import CELLS, Floor

MOMENT = struct.Struct("<q")  # monotonic nanoseconds


class EmptyLooks:
    """One page for all processes; create it before the fork. Notes empty looks only: a backlog is for all workers."""

    def __init__(self) -> None:
        self._places = {name: number * MOMENT.size for number, name in enumerate(queue_names())}
        self._memory = mmap.mmap(-1, max(len(self._places), 1) * MOMENT.size)
        self._floors, self._running = _floors(), _floors()

    def floor(self, queue_name: str) -> Floor:
        """Where a claim begins in a queue."""
        return self._floors.setdefault(queue_name, Floor())

    def running_floor(self, queue_name: str) -> Floor:
        """Where the count of a queue's running jobs begins."""
        return self._running.setdefault(queue_name, Floor())

    def forget_floors(self) -> None:
        """Jobs of some age are ready again: the next look into each queue shall be one at the whole."""
        for floor in self._floors.values():
            floor.forget()

    def found_nothing(self, queue_name: str, began: float) -> None:
        """Note that a look which began at `began`, in monotonic seconds, found no ready job."""
        if queue_name in self._places:
            MOMENT.pack_into(self._memory, self._places[queue_name], int(began * 1e9))

    def looked_at(self, queue_name: str) -> float:
        """Monotonic seconds of the last look that found nothing; 0, which is long ago, when there was none."""
        if queue_name not in self._places:
            return 0.0
        (moment,) = MOMENT.unpack_from(self._memory, self._places[queue_name])
        # Two processes may write at once and leave a time in the future, which would keep every worker from looking.
        return min(int(moment) / 1e9, time.monotonic())


def _floors() -> dict[str, Floor]:
    cells = memoryview(mmap.mmap(-1, max(len(queue_names()), 1) * CELLS * MOMENT.size)).cast("q")
    return {name: Floor(cells[number * CELLS : (number + 1) * CELLS]) for number, name in enumerate(queue_names())}
