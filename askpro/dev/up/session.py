"""Runs a command in the foreground while this process keeps the servers running."""

import signal
import subprocess
from pathlib import Path


def run_to_end(argv: list[str], root: Path, env: dict[str, str]) -> int:
    """Run it and return its exit code. A Ctrl-C reaches it too: it ends first, in its own way, then the servers."""
    child = subprocess.Popen(argv, cwd=root, env=env)
    previous = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue
    finally:
        signal.signal(signal.SIGTERM, previous)
