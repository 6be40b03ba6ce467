"""What a forker and its worker share beside the page, for people who look: threads of jobs, calls to look for profiles.

It may change from release to release: unlike the page, it is not handed on when the forker re-executes itself.
"""

import mmap
import struct
import uuid

CALLS = struct.Struct("<q")
SIGNED = struct.Struct("<QQ")  # the last half of the job's id, its thread
HALF = (1 << 64) - 1


class Annex:
    """Create it before the fork, as the page. `places` as many as the page has."""

    def __init__(self, places: int) -> None:
        self._memory = mmap.mmap(-1, CALLS.size + places * SIGNED.size)

    def call(self) -> None:
        """Tell the worker that there is something new to look for."""
        CALLS.pack_into(self._memory, 0, self.calls + 1)

    @property
    def calls(self) -> int:
        """How often it was told."""
        return int(CALLS.unpack_from(self._memory, 0)[0])

    def sign(self, slot: int, job_id: str, thread: int) -> None:
        """This thread runs the job of this place. Written now and then, not at each start: that would cost too much."""
        SIGNED.pack_into(self._memory, CALLS.size + slot * SIGNED.size, uuid.UUID(job_id).int & HALF, thread)

    def thread_of(self, slot: int, job_id: uuid.UUID) -> int:
        """The thread that runs the job of this place; 0 when it has not been written yet."""
        half, thread = SIGNED.unpack_from(self._memory, CALLS.size + slot * SIGNED.size)
        return int(thread) if half == job_id.int & HALF else 0

    def close(self) -> None:
        self._memory.close()
