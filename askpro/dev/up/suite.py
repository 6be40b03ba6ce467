"""`manage.py test`: the suite on servers of its own."""

import argparse
import os
import sys
from pathlib import Path

from askpro.dev.up import browser
from askpro.dev.up.environment import of_tests
from askpro.dev.up.home import free_below
from askpro.dev.up.servers import Servers
from askpro.dev.up.session import run_to_end

# Seconds after which a test hangs, with `--long`: the longest takes almost three hours.
LONGEST_OF_LONG = 11_000
IN_ONE_PROCESS = {"-s", "--pdb", "--trace", "--collect-only", "--co", "--markers", "--fixtures", "--version"}


def run(root: Path, options: argparse.Namespace) -> int:
    """Start PostgreSQL and Valkey, run pytest with the given arguments, stop them; pytest's exit code."""
    home = free_below(root, "test")
    env = {**of_tests(home), "ASKPRO_TEST_LONG": "1" if options.long else os.environ.get("ASKPRO_TEST_LONG", "")}
    # Else each of the hundreds of processes that tests start would compile the product again.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    chosen = _names_tests(root, options.rest)
    found = browser.find() if chosen and not browser.is_required() else browser.find_or_install()
    if found:
        env["ASKPRO_BROWSER"] = str(found)
    else:
        print(browser.ADVICE, file=sys.stderr, flush=True)
    with Servers(home) as servers:
        limit = time_limit(env["ASKPRO_TEST_LONG"] == "1")
        argv = [sys.executable, "-m", "pytest", *workers(options.rest, chosen), *limit, *options.rest]
        return run_to_end(argv, root, {**env, **servers.env})


def workers(arguments: list[str], chosen: bool) -> list[str]:
    """Spread the whole suite over the cores; a few chosen tests, or a debugger, run in one process.

    One more than there are cores: two of the groups (xdist_group) start processes of their own and mostly wait for
    them. They take the tests in the order of `tests/conftest.py`, the longest first.
    """
    own = any(argument.startswith(("-n", "--numprocesses", "--dist")) for argument in arguments)
    if chosen or own or IN_ONE_PROCESS & set(arguments):
        return []
    return ["-n", str(min((os.cpu_count() or 2) + 1, 4)), "--dist", "loadgroup", "--no-loadscope-reorder"]


def time_limit(long: bool) -> list[str]:
    """What gives long tests more time than the limit in pyproject.toml."""
    return ["-o", f"faulthandler_timeout={LONGEST_OF_LONG}"] if long else []


def _names_tests(root: Path, arguments: list[str]) -> bool:
    return any(not argument.startswith("-") and (root / argument.split("::")[0]).exists() for argument in arguments)
