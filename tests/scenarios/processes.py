"""The product's own processes on a test's database: a web server and `manage.py queues_run`."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from askpro.dev.up import ports, process, procfile
from askpro.queue_settings import ENVIRONMENTS
from tests.queues.queues_run import QueuesRun

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0


class Queues(QueuesRun):
    """`manage.py queues_run` with the pools of the environment `testing`, without anything made for tests."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        super().__init__(environment, log, processes=ENVIRONMENTS["testing"]["all"]["processes"])
        self._environment = dict(environment)

    def start(self, wait: bool = True) -> "Queues":
        with self.log.open("ab") as output:
            self._child = process.spawn(
                procfile.manage("queues_run"), env=self._environment, output=output, farewell=signal.SIGKILL, cwd=ROOT
            )
        if wait:
            self.wait_for_workers()
        return self

    @property
    def environment(self) -> dict[str, str]:
        return dict(self._environment)

    @contextmanager
    def instead(self, **environment: str) -> Iterator["Queues"]:
        """Replace it meanwhile by one with more in its environment."""
        self.stop()
        other = Queues({**self._environment, **environment}, self.log)
        try:
            yield other.start()
        finally:
            other.stop()
            # It takes over the jobs that the other one held.
            self.start()

    def start_if_stopped(self) -> None:
        """Start it again if a failed test has left it stopped."""
        if self._child is None or self._child.poll() is not None:
            self.start(wait=False)
        self.wait_for_workers()


@contextmanager
def running_web(environment: Mapping[str, str], port: int, log: Path) -> Iterator[None]:
    """Gunicorn with `askpro.wsgi`, ready when it is handed over."""
    argv = (sys.executable, "-m", "gunicorn", "--no-control-socket", "--bind", f"{ports.HOST}:{port}")
    with log.open("ab") as output:
        server = process.spawn(
            (*argv, "--worker-class", "gthread", "--threads", "28", "--log-level", "warning", "askpro.wsgi"),
            env=environment,
            output=output,
            farewell=signal.SIGKILL,
            cwd=ROOT,
        )
    try:
        ready = process.wait_until(lambda: procfile.status(port, "/health/ready") == 200, START_SECONDS, pause=0.1)
        assert ready, f"the web server did not start: {_health(port)}\n{log.read_text(errors='replace')[:2000]}"
        yield
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _health(port: int) -> str:
    try:
        return requests.get(f"http://{ports.HOST}:{port}/health/ready", timeout=5).text
    except requests.RequestException as error:
        return type(error).__name__
