"""The forker, looked at from inside."""

import subprocess

import pytest

from askpro.queues.config import pools
from askpro.queues.forker import Forker

pytestmark = pytest.mark.django_db


def test_new_code_that_hangs_while_it_loads_is_given_up():
    forker = Forker(pools("testing"), 0)
    with subprocess.Popen(["sleep", "60"]) as hanging:
        forker._preflight_pid = hanging.pid
        forker._preflight_until = float("inf")
        forker._measure()
        assert hanging.poll() is None
        forker._measure_at = forker._preflight_until = 0.0
        forker._measure()
        assert hanging.wait(5) == -9
