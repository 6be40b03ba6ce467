"""A sandbox process for tests: on free ports, ready when tests get it, ended with them."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.up.process import spawn

ROOT = Path(__file__).resolve().parents[3]
START_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0
LOOK_EVERY = 0.02
_READY = re.compile(r"Sandbox ready: (http://\S+?)/sandbox/ smtp://[^:]+:(\d+)")


class SandboxDidNotStart(RuntimeError):
    """The text is the sandbox's output."""


@contextlib.contextmanager
def running_sandbox(**environment: str) -> Iterator[SandboxClient]:
    """Start a sandbox, yield its client, end it. It uses the keys of `credentials.LOCAL` by default.

    Cal.com's rate limit is set too high to matter; `client.switch(calcom_rate_limit=…)` lowers it.
    `credentials.environment(client.url, client.smtp_port)` is what an AskPro process needs to talk to it.
    """
    own = {"DJANGO_SETTINGS_MODULE": "askpro.settings", "ASKPRO_ENV": "testing", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "django", "sandbox_run", "--http-port", "0", "--smtp-port", "0"]
    with tempfile.TemporaryFile() as log:
        process = spawn(
            [*command, "--calcom-rate-limit", "1000000"],
            env=os.environ | LOCAL | own | environment,
            output=log,
            farewell=signal.SIGKILL,
            cwd=ROOT,
        )
        try:
            yield _ready(process, log.fileno())
        finally:
            _end(process)


def _ready(process: subprocess.Popen[bytes], log: int) -> SandboxClient:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        printed = os.pread(log, 1_000_000, 0).decode(errors="replace")
        if match := _READY.search(printed):
            return SandboxClient(match[1], int(match[2]))
        if process.poll() is not None:
            raise SandboxDidNotStart(printed)
        time.sleep(LOOK_EVERY)
    raise SandboxDidNotStart(f"nothing after {START_TIMEOUT} s")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
