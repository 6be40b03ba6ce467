"""Every disaster in turn, under load: nothing is lost, atomic effects happen exactly once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def survive(jobs: int, seconds: float, away: float = 8) -> None:
    run("--jobs", str(jobs), "--away", str(away), seconds=seconds)


def run(*options: str, seconds: float) -> None:
    """`manage.py chaos` with these options, on servers of its own, which has to find no fault."""
    finished = subprocess.run(
        [sys.executable, "-m", "tests.chaos.run", *options],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=seconds,
        text=True,
    )
    print(f"\n{finished.stdout}")
    assert finished.returncode == 0, finished.stdout


@pytest.mark.xdist_group("disasters")
def test_it_survives_every_disaster_in_turn():
    survive(jobs=4_000, seconds=300)


@pytest.mark.long
@pytest.mark.xdist_group("disasters")
def test_it_survives_every_disaster_under_ten_times_the_load():
    survive(jobs=40_000, seconds=1_800, away=60)
