"""A peer under pressure: its workers, each started again when it ends, and no ledger that we could read."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from askpro.dev.bench.peers.rival import SETTINGS
from askpro.dev.bench.pressure.peers.kind import Kind
from askpro.dev.bench.sides.program import ROOT, Program
from askpro.dev.up.failure import Failure

SECONDS = 120.0
# Seconds before an ended worker is started again, as a service manager would.
PAUSE = 0.5


class Rival:
    """Installs its tables and starts its workers when it is made."""

    # All sessions are its own, save for those of the benchmark.
    victims = "backend_type = 'client backend'"

    def __init__(self, kind: Kind, module: str, folder: Path, packages: Path) -> None:
        self.name = kind.name
        self.tables = kind.tables
        self.job_tables = kind.job_tables
        self.sender = module
        # The peers' packages come first, so that Django uses psycopg 3, as the peers' users do.
        self.env: Mapping[str, str] = {"DJANGO_SETTINGS_MODULE": SETTINGS, "PYTHONPATH": str(packages)}
        self._processes = kind.processes
        self._install()
        worker = shlex.join([sys.executable, "-m", module, "work"])
        loops = [f"while :; do {worker}; sleep {PAUSE}; done"] * kind.processes
        argv = ("sh", "-c", " & ".join([*loops, "wait"]))
        self.program = Program(kind.name, argv, folder, {**self.env, "PGAPPNAME": ""})

    def wait(self) -> None:
        self.program.wait(lambda: len(self.workers()) == self._processes)

    def workers(self) -> Sequence[int]:
        found = []
        for process in self.program.processes:
            with suppress(psutil.Error):
                if self.sender in process.cmdline():
                    found.append(process.pid)
        return found

    def unfinished(self) -> None:
        """Unknown: what was sent and has not started counts."""

    def begin(self) -> None:
        """Nothing to remember."""

    def counted(self) -> tuple[None, None]:
        """Unknown: what has started counts."""
        return None, None

    def _install(self) -> None:
        argv = [sys.executable, "-m", self.sender, "install"]
        env = {**os.environ, **self.env}
        ran = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
        if ran.returncode:
            raise Failure(f"{self.name} cannot be installed:\n{ran.stderr[-2000:]}")
