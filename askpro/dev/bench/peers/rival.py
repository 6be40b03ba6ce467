"""A peer in a run: its own workers, its own sender, and the query that says whether all its jobs are done."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from askpro.dev.bench.sides.contenders import IDLE_SECONDS, Run, until
from askpro.dev.bench.sides.meter import Meter
from askpro.dev.bench.sides.program import ROOT, Program
from askpro.dev.up.failure import Failure

SECONDS = 120.0
# Seconds between two queries. Celery's table does not show unfinished jobs, so finished ones are counted each time.
LOOK_EVERY = 0.05
SETTINGS = "askpro.dev.bench.peers.settings"


@dataclass(frozen=True, slots=True)
class Setting:
    """How a peer's workers are started: processes, and jobs at once in each."""

    label: str
    processes: int
    at_once: int


@dataclass(frozen=True, slots=True)
class Kind:
    """How a peer is started and where it stores finished jobs. Commands are what follows `python -m`: `installs` once,
    `command` for each process."""

    name: str
    installs: tuple[str, ...]
    tasks: str
    command: str
    # Of several, the one that does best in a trial is measured; a quick run takes the first.
    settings: tuple[Setting, ...]
    # A query for the number of jobs that its ledger calls done.
    done: str
    # What remains in SQL of a completed job.
    kept: str
    # Jobs in a round, and in one of a quick run.
    jobs: tuple[int, int] = (2_000, 500)


class Rival:
    """One peer. Installs its tables when it is made."""

    def __init__(self, kind: Kind, setting: Setting, folder: Path, packages: Path) -> None:
        self.kind = kind
        self.kept = kind.kept
        self.name = f"{kind.name}, {setting.label}"
        # The peers' packages come first, so that Django uses psycopg 3, as the peers' users do.
        self._env = {"DJANGO_SETTINGS_MODULE": SETTINGS, "PYTHONPATH": str(packages)}
        for install in kind.installs:
            self._python("-m", *shlex.split(install))
        commands = [shlex.join([sys.executable, "-m", *_command(kind, setting, n)]) for n in range(setting.processes)]
        argv = ("sh", "-c", " & ".join([*commands, "wait"]))
        self.program = Program(kind.name.lower(), argv, folder, self._env)

    def wait(self) -> None:
        """Wait until it has done its first job."""
        expected = self._done() + 1
        self._send(1)
        self.program.wait(lambda: self._done() >= expected)

    def run(self, jobs: int) -> Run:
        """As with RedisBroker: all jobs are sent before the suspended workers are released."""
        self.program.hold()
        expected = self._done() + jobs
        began = time.monotonic()
        self._send(jobs)
        enqueued_in = time.monotonic() - began
        meter = Meter(self.program)
        began = time.monotonic()
        self.program.release()
        until(lambda: self._done() >= expected, self.program, LOOK_EVERY)
        return Run(jobs, enqueued_in, time.monotonic() - began, meter.read())

    def pick_up(self, count: int) -> list[float]:
        """Milliseconds of each send while there is nothing else to do."""
        self.program.release()
        time.sleep(IDLE_SECONDS)
        waited: list[float] = json.loads(self._send(count, "pick-up"))
        self.program.hold()
        return waited

    def _send(self, count: int, *more: str) -> str:
        return self._python("-m", "askpro.dev.bench.peers.sender", self.kind.tasks, str(count), *more)

    def _done(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(self.kind.done)
            row = cursor.fetchone()
        return int(row[0]) if row else 0

    def _python(self, *arguments: str) -> str:
        ran = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **self._env},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if ran.returncode:
            raise Failure(f"{self.name} failed:\n{ran.stderr[-2000:]}")
        return ran.stdout


def _command(kind: Kind, setting: Setting, number: int) -> Sequence[str]:
    return shlex.split(kind.command.format(number=number, at_once=setting.at_once))
