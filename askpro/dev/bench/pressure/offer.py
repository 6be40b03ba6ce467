"""The handle of the sender's process."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from askpro.dev.bench.pressure.gauges import NAME
from askpro.dev.bench.sides.program import ROOT
from askpro.dev.up.failure import Failure


class Offer:
    """Sends at the `rate` that was last asked for. `module` has the side's `send`."""

    def __init__(self, module: str, folder: Path, env: Mapping[str, str] | None = None) -> None:
        argv = [sys.executable, "-m", "askpro.dev.bench.pressure.sender", module]
        self._log = folder / "sender.log"
        own = {**os.environ, "PGAPPNAME": NAME, **(env or {})}
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(argv, cwd=ROOT, env=own, stdin=subprocess.PIPE, stdout=log, stderr=log)

    def rate(self, jobs_a_second: float) -> None:
        self._say(f"rate {jobs_a_second}")

    def send(self, jobs: int) -> None:
        """Send so many at once, besides the rate."""
        self._say(f"send {jobs}")

    def close(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait()

    def _say(self, line: str) -> None:
        assert self._child.stdin is not None
        if self._child.poll() is not None:
            tail = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise Failure(f"The sender ended:\n{tail}")
        self._child.stdin.write(f"{line}\n".encode("ascii"))
        self._child.stdin.flush()
