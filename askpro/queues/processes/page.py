"""Memory that a worker shares with its forker: sign of life, jobs that are started and not settled, counts of runs.

The forker reads it when the worker has died: started jobs pay a try, merely claimed ones go back free. It also shows
the forker which job runs too long. An entry is written whole and then marked, so that a death in between leaves no half
entry. The page is a file, so that a forker that re-executes itself can map it again, also one of another release: what
it holds stays where it is. Where the system can do it, it has a name: then others read it when the forker was killed as
well. On request, the worker writes the stacks of its threads behind the entries.
"""

import faulthandler
import mmap
import os
import signal
import struct
import tempfile
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from math import inf

from askpro.queues.config import MOST_QUEUES, queue_names
from askpro.queues.processes import named
from askpro.queues.processes.annex import Annex

HEADER = struct.Struct("<qqq")  # worker id, monotonic nanoseconds of the last sign of life, number of recalls
DONE = struct.Struct("<qq")  # runs of a queue's jobs, and the nanoseconds they took
ENTRY = struct.Struct("<16siqqB")  # job id, claim_no, started and limit in monotonic nanoseconds, number of the queue
AT_LIMIT = struct.calcsize("<16siq")
FREE, RUNNING, OVER = 0, 1, 2
CAPACITY = 1024
AT_DONE = HEADER.size
AT_STATES = AT_DONE + MOST_QUEUES * DONE.size
AT_ENTRIES = AT_STATES + CAPACITY
AT_STACKS = AT_ENTRIES + CAPACITY * ENTRY.size
# faulthandler writes up to 100 frames of each of 100 threads, the thread that began first last.
LONGEST_STACKS = 1_000_000
NOTHING = bytes(CAPACITY)
# The signal that asks a worker for its stacks.
ASK = signal.SIGUSR2


@dataclass(frozen=True, slots=True)
class Started:
    """A job that was started: its claim, and the monotonic seconds at which it began and must be over. `thread` is 0
    when nobody knows it.
    """

    job_id: str
    claim_no: int
    started: float
    limit: float
    queue_name: str
    thread: int = 0


class Page:
    """One worker's page. Create it before the fork; both sides keep the object. `fd` maps an existing page again."""

    def __init__(self, fd: int | None = None) -> None:
        self.fd = _new_file() if fd is None else fd
        self._memory = mmap.mmap(self.fd, AT_STACKS)
        self.annex = Annex(CAPACITY) if fd is None else None
        self._name = ""
        self._free = list(range(CAPACITY))
        self._lock = threading.Lock()
        self._names = queue_names()
        self._queues = {name: number for number, name in enumerate(self._names)}

    def register(self, worker_id: int, name: str = "") -> None:
        """In the worker: whose page it is, and by which name it can be read when nobody is left who shares it."""
        HEADER.pack_into(self._memory, 0, worker_id, time.monotonic_ns(), 0)
        if name:
            with suppress(OSError):
                named.give_name(self.fd, name)
                self._name = name

    def hide(self) -> None:
        """In the worker: from now on only those who share it can read it."""
        if self._name:
            named.remove(self._name)
            self._name = ""

    @property
    def worker_id(self) -> int:
        """The worker's row; 0 when it died before it had one."""
        return int(HEADER.unpack_from(self._memory, 0)[0])

    def beat(self) -> None:
        """A sign of life: the worker's main thread gets its turn."""
        struct.pack_into("<q", self._memory, 8, time.monotonic_ns())
        # Written memory does not change the file's own time, by which it is kept.
        os.utime(self.fd)

    @property
    def beat_at(self) -> float:
        """Monotonic seconds of the last sign of life; 0 before the first one."""
        return int(HEADER.unpack_from(self._memory, 0)[1]) / 1e9

    def recall(self) -> None:
        """Ask the worker to give back the jobs that it has claimed and not started."""
        struct.pack_into("<q", self._memory, 16, self.recalls + 1)

    @property
    def recalls(self) -> int:
        return int(HEADER.unpack_from(self._memory, 0)[2])

    def take(self, job_id: str, claim_no: int, time_limit: float, queue_name: str) -> int | None:
        """Write a started job, `time_limit` in seconds; None when the page is full: a death would show it unstarted."""
        with self._lock:
            if not self._free:
                self.hide()
                return None
            slot = self._free.pop()
        now = time.monotonic_ns()
        # Of a known form, as PostgreSQL has written it: a UUID would take several times as long.
        key = bytes.fromhex(job_id.replace("-", ""))
        entry = key, claim_no, now, now + int(time_limit * 1e9), self._queues.get(queue_name, 0)
        ENTRY.pack_into(self._memory, AT_ENTRIES + slot * ENTRY.size, *entry)
        self._memory[AT_STATES + slot] = RUNNING
        return slot

    def over(self, slot: int) -> None:
        """The run has ended, and its time limit with it: settling may wait for PostgreSQL without limit."""
        self._memory[AT_STATES + slot] = OVER
        *_, began, _, number = ENTRY.unpack_from(self._memory, AT_ENTRIES + slot * ENTRY.size)
        with self._lock:
            runs, took = DONE.unpack_from(self._memory, AT_DONE + number * DONE.size)
            took += time.monotonic_ns() - began
            DONE.pack_into(self._memory, AT_DONE + number * DONE.size, runs + 1, took)

    def expire(self, slot: int) -> None:
        """Move the entry's time limit to now."""
        if self._memory[AT_STATES + slot] == RUNNING:
            struct.pack_into("<q", self._memory, AT_ENTRIES + slot * ENTRY.size + AT_LIMIT, time.monotonic_ns())

    def free(self, slot: int) -> None:
        self._memory[AT_STATES + slot] = FREE
        with self._lock:
            self._free.append(slot)

    def started(self) -> list[Started]:
        """The jobs that are started and not settled."""
        states = self._memory[AT_STATES:AT_ENTRIES]
        if states == NOTHING:
            return []
        return [self._started(slot, state) for slot, state in enumerate(states) if state]

    def done(self) -> dict[str, tuple[int, float]]:
        """Runs of each queue's jobs so far, and the seconds they took."""
        counts = {
            name: DONE.unpack_from(self._memory, AT_DONE + number * DONE.size) for name, number in self._queues.items()
        }
        return {name: (runs, took / 1e9) for name, (runs, took) in counts.items() if runs}

    def show_stacks_when_asked(self) -> None:
        """In the worker: from now on `ASK` writes the stacks of all threads, even while C code holds the GIL."""
        os.lseek(self.fd, AT_STACKS, os.SEEK_SET)
        faulthandler.register(ASK, file=self.fd, all_threads=True)

    def clear_stacks(self) -> None:
        """Forget the stacks that were written: the next ones are written from the beginning. The two processes share
        the place at which the file is written."""
        os.ftruncate(self.fd, AT_STACKS)
        os.lseek(self.fd, AT_STACKS, os.SEEK_SET)

    @property
    def size_of_stacks(self) -> int:
        return os.fstat(self.fd).st_size - AT_STACKS

    def stacks(self) -> str:
        """The stacks that were asked for; empty when nothing came."""
        return os.pread(self.fd, LONGEST_STACKS, AT_STACKS).decode("utf-8", "replace")

    def close(self) -> None:
        self._memory.close()
        if self.annex is not None:
            self.annex.close()
        os.close(self.fd)

    def _started(self, slot: int, state: int) -> Started:
        job_id, claim_no, started, limit, queue = ENTRY.unpack_from(self._memory, AT_ENTRIES + slot * ENTRY.size)
        must_end = inf if state == OVER else limit / 1e9
        key = uuid.UUID(bytes=job_id)
        thread = self.annex.thread_of(slot, key) if self.annex is not None else 0
        return Started(str(key), claim_no, started / 1e9, must_end, self._names[queue], thread)


def begun(name: str) -> set[tuple[str, int]] | None:
    """The claims (job id, claim_no) that had begun and were not settled, by the page of a worker that is gone; None
    when there is no such page. Raises `named.InUse` while anybody who shares the page is alive.
    """
    left = named.read(name)
    if left is None or len(left) < AT_STACKS:
        return None
    slots = (slot for slot, state in enumerate(left[AT_STATES:AT_ENTRIES]) if state)
    entries = (ENTRY.unpack_from(left, AT_ENTRIES + slot * ENTRY.size) for slot in slots)
    return {(str(uuid.UUID(bytes=job_id)), claim_no) for job_id, claim_no, *_ in entries}


def _new_file() -> int:
    try:
        return named.create(AT_STACKS)
    except OSError:
        return unnamed_file("askpro page", AT_STACKS)


def unnamed_file(name: str, size: int = 0) -> int:
    """A file without a path, in memory where the system supports it."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create(name)
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.truncate(fd, size)
    return fd
