"""A datagram socket of the benchmark, to which a job reports its start."""

import os
import random
import socket
import struct
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from askpro.dev.up.failure import Failure

# The environment variable with its path.
EAR = "ASKPRO_BENCH_EAR"
MOMENT = struct.Struct("<q")
LONGEST = 10.0
# Seconds before a send; longer pauses would put RedisBroker at a disadvantage, which then polls less often.
PAUSES = (0.01, 0.05)


class Ear:
    """Receives the starts of jobs."""

    def __init__(self) -> None:
        path = os.environ[EAR]
        Path(path).unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self._socket.settimeout(LONGEST)

    def wait_for(self, send: Callable[[], object]) -> float:
        """Pause a little, then `send`; return the milliseconds until a job reports its start."""
        time.sleep(random.uniform(*PAUSES))
        sent = time.monotonic_ns()
        send()
        return (self._hear() - sent) / 1e6

    def close(self) -> None:
        self._socket.close()

    def _hear(self) -> int:
        """The start in nanoseconds of the monotonic clock, which all processes of a machine share."""
        try:
            (moment,) = MOMENT.unpack(self._socket.recv(64))
        except TimeoutError as error:
            raise Failure(f"A job did not start within {LONGEST:.0f} s.") from error
        return int(moment)


def tell_start() -> None:
    """Called by a job as its first act."""
    now = time.monotonic_ns()
    _mouth().sendto(MOMENT.pack(now), os.environ[EAR])


@cache
def _mouth() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
