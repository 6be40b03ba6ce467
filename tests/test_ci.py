"""`.ci/run tests` with a played suite: what fails is tried once more and named, and never more than three tests; and
`.ci/run lint` with played tools, of which mypy runs beside the others."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SUITE = """
import json, pathlib, sys
if "--last-failed" in sys.argv:
    print("== 1 passed ==")
    sys.exit({second})
cache = pathlib.Path(".pytest_cache/v/cache")
cache.mkdir(parents=True, exist_ok=True)
names = [f"tests/test_x.py::test_{{number}}[a b]" for number in range({failed})]
(cache / "lastfailed").write_text(json.dumps(dict.fromkeys(names, True)))
print("== {failed} failed, 9 passed ==")
sys.exit({first})
"""


def run(folder: Path, failed: int, first: int = 1, second: int = 0) -> subprocess.CompletedProcess[str]:
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    (folder / "manage.py").write_text(SUITE.format(failed=failed, first=first, second=second))
    return subprocess.run([folder / ".ci" / "run", "tests"], capture_output=True, text=True, timeout=60, check=False)


def test_what_passes_has_no_second_try(tmp_path: Path) -> None:
    ran = run(tmp_path, failed=0, first=0)
    assert ran.returncode == 0
    assert "Once more" not in ran.stdout


def test_what_failed_is_named_and_tried_once_more(tmp_path: Path) -> None:
    ran = run(tmp_path, failed=3)
    assert ran.returncode == 0
    tried, told = ran.stdout.split("Once more and alone, what failed:\n")[1].split("== 1 passed ==")
    assert tried == "".join(f"  tests/test_x.py::test_{number}[a b]\n" for number in range(3))
    assert "3 failed, 9 passed" in told
    assert told.count("passed at the second try, alone: tests/test_x.py::test_") == 3


def test_what_fails_again_has_failed(tmp_path: Path) -> None:
    ran = run(tmp_path, failed=1, second=1)
    assert ran.returncode == 1
    assert "at the second try" not in ran.stdout


@pytest.mark.parametrize("failed", [4, 40])
def test_more_than_three_have_no_second_try(tmp_path: Path, failed: int) -> None:
    ran = run(tmp_path, failed)
    assert ran.returncode == 1
    assert f"{failed} tests failed; only 3 are given a second try:\n  tests/test_x.py::test_0[a b]\n" in ran.stdout
    assert "Once more" not in ran.stdout


def test_a_suite_that_did_not_run_has_no_second_try(tmp_path: Path) -> None:
    ran = run(tmp_path, failed=1, first=2)
    assert ran.returncode == 1
    assert "Once more" not in ran.stdout


PYTHON = """#!/bin/sh
case "$*" in
  *sys.executable*) echo "$0" ;;
  *mypy*) echo "of the types"; exit {mypy} ;;
esac
"""


def lint(folder: Path, mypy: int) -> subprocess.CompletedProcess[str]:
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    (folder / "manage.py").write_text("")
    tool = folder / ".venv" / "bin" / "python"
    tool.parent.mkdir(parents=True)
    tool.write_text(PYTHON.format(mypy=mypy))
    tool.chmod(0o755)
    return subprocess.run([folder / ".ci" / "run", "lint"], capture_output=True, text=True, timeout=60, check=False)


def test_what_runs_beside_is_waited_for_and_shown(tmp_path: Path) -> None:
    ran = lint(tmp_path, mypy=0)
    assert ran.returncode == 0, ran.stdout
    assert "=== mypy\nof the types\n=== mypy: ok" in ran.stdout


def test_what_fails_beside_fails_the_run(tmp_path: Path) -> None:
    ran = lint(tmp_path, mypy=1)
    assert ran.returncode == 1
    assert "=== mypy\nof the types\n=== mypy: FAILED" in ran.stdout
    assert ran.stdout.endswith(": mypy\n")
