"""Shared memory between a worker and its forker: which jobs were started and are not settled yet.

The forker reads it after the worker's death: those jobs pay a try, the merely claimed ones go back free. It also
tells what runs too long. Entries are written whole and marked last, so that a death in between leaves no half entry.
"""

import mmap
import struct
import threading
import time
import uuid
from dataclasses import dataclass
from math import inf

HEADER = struct.Struct("<qq")  # worker id, monotonic nanoseconds of the last sign of life
ENTRY = struct.Struct("<B16siqq")  # state, job id, claim_no, started and limit in monotonic nanoseconds
FREE, RUNNING, OVER = 0, 1, 2
CAPACITY = 1024


@dataclass(frozen=True, slots=True)
class Started:
    """A job that was started: its claim, and the monotonic seconds at which it began and has to be over."""

    job_id: str
    claim_no: int
    started: float
    limit: float


class Slots:
    """One worker's page. Create it before the fork; both sides keep the object."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, HEADER.size + CAPACITY * ENTRY.size)
        self._free = list(range(CAPACITY))
        self._lock = threading.Lock()

    def register(self, worker_id: int) -> None:
        HEADER.pack_into(self._memory, 0, worker_id, time.monotonic_ns())

    @property
    def worker_id(self) -> int:
        """The worker's row; 0 when it died before it had one."""
        return int(HEADER.unpack_from(self._memory, 0)[0])

    def take(self, job_id: str, claim_no: int, time_limit: float) -> int | None:
        """Write a started job, `time_limit` in seconds; None when the page is full (its death is then a loss)."""
        with self._lock:
            if not self._free:
                return None
            slot = self._free.pop()
        now = time.monotonic_ns()
        offset = HEADER.size + slot * ENTRY.size
        limit = now + int(time_limit * 1e9)
        ENTRY.pack_into(self._memory, offset, FREE, uuid.UUID(job_id).bytes, claim_no, now, limit)
        self._memory[offset] = RUNNING
        return slot

    def over(self, slot: int) -> None:
        """The run has ended, its limit with it: settling waits for PostgreSQL as long as it takes."""
        self._memory[HEADER.size + slot * ENTRY.size] = OVER

    def expire(self, slot: int) -> None:
        """Move the entry's time limit to now."""
        offset = HEADER.size + slot * ENTRY.size
        state, job_id, claim_no, started, _ = ENTRY.unpack_from(self._memory, offset)
        if state == RUNNING:
            ENTRY.pack_into(self._memory, offset, state, job_id, claim_no, started, time.monotonic_ns())

    def free(self, slot: int) -> None:
        self._memory[HEADER.size + slot * ENTRY.size] = FREE
        with self._lock:
            self._free.append(slot)

    def started(self) -> list[Started]:
        """What was started and is not settled."""
        entries = (ENTRY.unpack_from(self._memory, HEADER.size + slot * ENTRY.size) for slot in range(CAPACITY))
        return [
            Started(str(uuid.UUID(bytes=job_id)), claim_no, started / 1e9, inf if state == OVER else limit / 1e9)
            for state, job_id, claim_no, started, limit in entries
            if state
        ]

    def close(self) -> None:
        self._memory.close()
