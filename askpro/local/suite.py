"""`manage.py test`: the suite on servers of its own."""

import argparse
import os
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

from askpro.local import browser
from askpro.local.environment import of_tests
from askpro.local.home import Home
from askpro.local.servers import Servers


def run(root: Path, options: argparse.Namespace) -> int:
    """Start PostgreSQL and Valkey, run pytest with the given arguments, stop them; pytest's exit code."""
    home = _free_home(root)
    env = {
        **of_tests(home),
        "ASKPRO_TEST_LONG": "1" if options.long else os.environ.get("ASKPRO_TEST_LONG", ""),
    }
    chosen = _names_tests(root, options.rest)
    found = browser.find() if chosen and not browser.is_required() else browser.find_or_install()
    if found:
        env["ASKPRO_BROWSER"] = str(found)
    else:
        print(browser.ADVICE, file=sys.stderr, flush=True)
    with Servers(home) as servers:
        argv = [sys.executable, "-m", "pytest", *_workers(options.rest, chosen), *options.rest]
        return _run(argv, root, {**env, **servers.env})


def _free_home(root: Path) -> Home:
    """`.askpro/test`, or `.askpro/test-2` while another run of this checkout has the first."""
    parent = Home.of(root)
    parent.prepare()
    for number in count(1):
        home = parent.below("test" if number == 1 else f"test-{number}")
        home.prepare()
        if home.lock():
            return home
    raise AssertionError


def _names_tests(root: Path, arguments: list[str]) -> bool:
    return any(not argument.startswith("-") and (root / argument.split("::")[0]).exists() for argument in arguments)


def _workers(arguments: list[str], chosen: bool) -> list[str]:
    """Spread the whole suite over the cores; a few named tests, or a debugger, run in one process."""
    alone = {"-s", "--pdb", "--trace", "--collect-only", "--co", "--markers", "--fixtures"}
    own = any(argument.startswith(("-n", "--numprocesses", "--dist")) for argument in arguments)
    if chosen or own or alone & set(arguments):
        return []
    return ["-n", str(max(2, min(os.cpu_count() or 2, 4))), "--dist", "loadgroup"]


def _run(argv: list[str], root: Path, env: dict[str, str]) -> int:
    """A Ctrl-C reaches pytest too, which ends in its own way; the servers stop after it."""
    previous = signal.signal(signal.SIGTERM, lambda *_: pytest.terminate())
    pytest = subprocess.Popen(argv, cwd=root, env=env)
    try:
        while True:
            try:
                return pytest.wait()
            except KeyboardInterrupt:
                continue
    finally:
        signal.signal(signal.SIGTERM, previous)
