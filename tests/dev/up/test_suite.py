import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from askpro.dev.up.suite import time_limit, workers

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
# One that hangs in C code, where no signal reaches it, and one that ends its process; others before, between and after.
DEADLY = """
import os, signal, time, pytest
pytestmark = [pytest.mark.parametrize("number", range(3))]
@pytest.mark.xdist_group("before")
def test_before(number):
    pass
@pytest.mark.xdist_group("hangs")
def test_hangs(number):
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    time.sleep(600 * (number == 1))
@pytest.mark.xdist_group("dies")
def test_dies(number):
    os._exit(1) if number == 2 else None
def test_after(number):
    pass
"""


@pytest.mark.parametrize("arguments", [["-n", "0"], ["-n4"], ["--pdb"], ["-s"], ["--dist=no"]])
def test_it_leaves_the_choice_of_workers_to_the_caller(arguments: list[str]) -> None:
    assert workers(arguments, chosen=False) == []


def test_it_spreads_the_whole_suite_and_not_a_few_tests() -> None:
    assert workers(["-q"], chosen=False)[0] == "-n"
    assert workers(["-q", "tests/dev/up"], chosen=True) == []


def test_a_test_that_hangs_or_kills_fails_alone_is_named_and_shows_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "test_deadly.py").write_text(DEADLY)
    limits = {name: value for name, value in OPTIONS.items() if name.startswith("faulthandler_")}
    limits["faulthandler_timeout"] = 2
    (tmp_path / "pytest.ini").write_text("\n".join(["[pytest]", *(f"{name} = {limits[name]}" for name in limits)]))
    argv = [sys.executable, "-m", "pytest", "-p", "no:django", "-p", "tests.spread", *workers([], chosen=False)]
    argv[argv.index("-n") + 1] = "1"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [*argv, tmp_path], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert "2 failed, 10 passed" in ran.stdout
    assert "crashed while running 'test_deadly.py::test_hangs[1]" in ran.stdout
    assert "crashed while running 'test_deadly.py::test_dies[2]" in ran.stdout
    assert "line 10 in test_hangs" in ran.stderr
    # A second try asks for them by these names.
    again = json.loads((tmp_path / ".pytest_cache/v/cache/lastfailed").read_text())
    assert set(again) == {"test_deadly.py::test_hangs[1]", "test_deadly.py::test_dies[2]"}


def test_only_long_tests_get_more_time_than_the_others() -> None:
    assert time_limit(long=False) == []
    assert time_limit(long=True)[0] == "-o"
    assert float(time_limit(long=True)[1].partition("=")[2]) > OPTIONS["faulthandler_timeout"] > 400
