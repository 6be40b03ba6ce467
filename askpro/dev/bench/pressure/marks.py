"""A pipe of the benchmark into which jobs write their starts, and the sender what it has sent.

Unlike a datagram socket it neither loses a mark nor makes a job wait while the benchmark does something else.
"""

import fcntl
import os
import struct
import time
from array import array
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

# The environment variable with its path.
MARKS = "ASKPRO_BENCH_MARKS"
# Nanoseconds of the monotonic clock, which all processes of a machine share: when the job was sent, when it started.
# What the sender has sent is minus the number of jobs, and when. Shorter than PIPE_BUF, so marks never mix.
MARK = struct.Struct("<qq")
# Bytes: a quarter of a minute at 4,000 marks a second.
ROOM = 1024 * 1024
# Seconds between two reads.
READ_EVERY = 0.02
# A job with this moment is not measured: it does not start when it is sent, but after another one.
UNMEASURED = 0


class Starts:
    """The starts of jobs in the order in which they were heard; times in seconds of the monotonic clock."""

    def __init__(self) -> None:
        self.at = array("d")
        # Milliseconds since the job was sent.
        self.waited = array("d")
        # Starts of all jobs, including those that are not measured.
        self.count = 0
        self.sent = 0

    @property
    def backlog(self) -> int:
        """Jobs that were sent and have not started; too few by those that started twice."""
        return self.sent - self.count

    def between(self, began: float, ended: float) -> Iterator[tuple[float, float]]:
        """When each measured job started, and the milliseconds that it had waited."""
        return ((at, waited) for at, waited in zip(self.at, self.waited, strict=True) if began <= at < ended)


class Marks:
    """The reading end. It must be read every few seconds."""

    def __init__(self) -> None:
        path = os.environ[MARKS]
        Path(path).unlink(missing_ok=True)
        os.mkfifo(path)
        # Also open for writing, so that it never ends.
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, ROOM)
        self.starts = Starts()

    def read(self) -> None:
        """Add what has been written since the last time to `starts`."""
        starts = self.starts
        while data := self._some():
            for first, second in MARK.iter_unpack(data):
                if first < 0:
                    starts.sent -= first
                    continue
                starts.count += 1
                if first != UNMEASURED:
                    starts.at.append(second / 1e9)
                    starts.waited.append((second - first) / 1e6)

    def listen(self, seconds: float, act: Callable[[], None] = lambda: None) -> None:
        """Let time pass, reading and calling `act` all the time."""
        limit = time.monotonic() + seconds
        while (left := limit - time.monotonic()) > 0:
            act()
            self.read()
            time.sleep(min(left, READ_EVERY))

    def forget(self) -> Starts:
        """Begin anew and return what was heard so far; the counts go on."""
        self.read()
        heard, self.starts = self.starts, Starts()
        self.starts.count, self.starts.sent = heard.count, heard.sent
        return heard

    def close(self) -> None:
        os.close(self._fd)

    def _some(self) -> bytes:
        try:
            return os.read(self._fd, 4096 * MARK.size)
        except BlockingIOError:
            return b""


def tell_start(sent: int) -> None:
    """Called by a job as its first act; `sent` is in its arguments."""
    os.write(_pipe(), MARK.pack(sent, time.monotonic_ns()))


def tell_sent(count: int) -> None:
    """Called by the sender after a commit."""
    os.write(_pipe(), MARK.pack(-count, time.monotonic_ns()))


@cache
def _pipe() -> int:
    return os.open(os.environ[MARKS], os.O_WRONLY)
