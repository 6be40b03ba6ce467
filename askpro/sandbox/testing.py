"""A sandbox process for tests: on free ports, ready when it is handed over, dead when the tests are."""

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from askpro.sandbox.client import SandboxClient
from askpro.sandbox.credentials import LOCAL

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT = 60.0
_READY = re.compile(r"Sandbox ready: (http://\S+?)/sandbox/ smtp://[^:]+:(\d+)")
_PR_SET_PDEATHSIG = 1


class SandboxDidNotStart(RuntimeError):
    """The text is what it printed."""


@contextlib.contextmanager
def running_sandbox(**environment: str) -> Iterator[SandboxClient]:
    """Start one, yield its client, end it. It uses the keys of `credentials.LOCAL` unless told otherwise.

    The rate limit of Cal.com is out of the way; `client.switch(calcom_rate_limit=…)` brings it back.
    """
    command = [sys.executable, "-m", "django", "sandbox_run", "--http-port", "0", "--smtp-port", "0"]
    process = subprocess.Popen(
        [*command, "--calcom-rate-limit", "1000000"],
        cwd=ROOT,
        env=_environment(environment),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_die_with_parent,
    )
    try:
        yield _ready(process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(more: dict[str, str]) -> dict[str, str]:
    own = {"DJANGO_SETTINGS_MODULE": "askpro.settings", "ASKPRO_ENV": "testing", "PYTHONPATH": str(ROOT)}
    return os.environ | LOCAL | own | more


def _ready(process: subprocess.Popen[str]) -> SandboxClient:
    if process.stdout is None:
        raise SandboxDidNotStart("no output")
    watchdog = threading.Timer(START_TIMEOUT, process.kill)
    watchdog.start()
    line = process.stdout.readline()
    watchdog.cancel()
    match = _READY.search(line)
    if match is None:
        raise SandboxDidNotStart(line + process.stdout.read())
    return SandboxClient(match[1], int(match[2]))


def _die_with_parent() -> None:
    """A test run that is killed leaves no sandbox behind (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
