"""With both servers in DATABASE_URL, a fail-over is a short absence of PostgreSQL."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.xdist_group("disasters")
def test_jobs_and_senders_follow_a_failover_and_nobody_writes_to_a_replica() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "tests.postgresql.failover"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=240,
        text=True,
    )
    print(f"\n{finished.stdout}")
    assert finished.returncode == 0, finished.stdout
