"""Trying the code of now before it takes over."""

import subprocess
import time

import pytest

from askpro.queues.supervisor import reexec
from askpro.queues.supervisor.reexec import PREFLIGHT_LIMIT, Preflight


@pytest.fixture
def started(monkeypatch):
    """The processes that it starts; each hangs while it loads."""
    processes = []

    def hang(*_args, **_options):
        processes.append(subprocess.Popen(["sleep", "60"]))
        return processes[-1].pid

    monkeypatch.setattr(reexec.os, "posix_spawn", hang)
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_code_that_hangs_while_it_loads_is_given_up(started, monkeypatch):
    preflight = Preflight()
    preflight.start()
    preflight.kill_if_late()
    assert started[0].poll() is None
    late = time.monotonic() + PREFLIGHT_LIMIT + 1
    monkeypatch.setattr(reexec.time, "monotonic", lambda: late)
    preflight.kill_if_late()
    assert started[0].wait(5) == -9


def test_it_says_something_about_the_code_of_now(started):
    preflight = Preflight()
    preflight.start()
    assert preflight.end()
    assert (preflight.pid, len(started)) == (0, 1)


def test_a_change_while_it_loads_is_tried_again(started):
    preflight = Preflight()
    preflight.start()
    preflight.start()
    preflight.start()
    assert not preflight.end(), "what was tried is not the code of now"
    assert preflight.pid == started[1].pid
    assert preflight.end()
    assert len(started) == 2
