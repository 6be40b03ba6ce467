"""Where a job says that it starts: a datagram socket of the benchmark's."""

import os
import socket
import struct
from pathlib import Path

from askpro.local.failure import Failure

# The environment variable with its path.
EAR = "ASKPRO_BENCH_EAR"
MOMENT = struct.Struct("<q")
LONGEST = 10.0


class Ear:
    """Hears when jobs start."""

    def __init__(self) -> None:
        path = os.environ[EAR]
        Path(path).unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self._socket.settimeout(LONGEST)

    def hear(self) -> int:
        """Nanoseconds of the monotonic clock, which all processes of a machine share."""
        try:
            (moment,) = MOMENT.unpack(self._socket.recv(64))
        except TimeoutError as error:
            raise Failure(f"A job did not start within {LONGEST:.0f} s.") from error
        return int(moment)

    def close(self) -> None:
        self._socket.close()
