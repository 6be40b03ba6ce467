"""Who looked into a queue last and found nothing: shared by all workers of a forker, so that one look serves them all.

A look by age costs PostgreSQL and the process more than all else that an idle worker does.
"""

import mmap
import struct
import time

from askpro.queues.config import queue_names

MOMENT = struct.Struct("<q")  # monotonic nanoseconds


class EmptyLooks:
    """One page for all processes; create it before the fork. Only empty looks are noted: a backlog is for everybody."""

    def __init__(self) -> None:
        self._places = {name: number * MOMENT.size for number, name in enumerate(queue_names())}
        self._memory = mmap.mmap(-1, max(len(self._places), 1) * MOMENT.size)

    def found_nothing(self, queue_name: str, began: float) -> None:
        """A look that began at these monotonic seconds found no ready job."""
        if queue_name in self._places:
            MOMENT.pack_into(self._memory, self._places[queue_name], int(began * 1e9))

    def looked_at(self, queue_name: str) -> float:
        """Monotonic seconds of the last look that found nothing; long ago when there was none."""
        if queue_name not in self._places:
            return 0.0
        (moment,) = MOMENT.unpack_from(self._memory, self._places[queue_name])
        # Two processes may write at once. A moment to come would keep everybody from looking.
        return min(int(moment) / 1e9, time.monotonic())
