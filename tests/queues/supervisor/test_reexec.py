"""Test-starting the current code before it takes over, and what one image of the forker leaves to the next."""

import json
import os
import subprocess
import time

import pytest

from askpro.queues.processes.link import Died
from askpro.queues.supervisor import reexec
from askpro.queues.supervisor.reexec import INHERITED, PREFLIGHT_LIMIT, Preflight, Takeover, inherit

# A death as every release writes it into the file for the next image, and as this release represents it.
REPORT = {"pool": "all", "worker_id": 7, "started": [["id", 2, 0.5]], "culprits": [], "cause": "stuck", "stacks": ""}
DIED = Died(12, "all", 7, started=[["id", 2, 0.5]], culprits=[], cause="stuck")


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
    assert not preflight.end(), "what was tried is not the current code"
    assert preflight.pid == started[1].pid
    assert preflight.end()
    assert len(started) == 2


def test_a_death_that_an_earlier_release_left_is_reported_on(monkeypatch):
    state = {"supervisor_id": 3, "children": [], "reports": {"12": REPORT}, "counts": {"all": 2}, "link": None}
    fd = reexec.unnamed_file("left")
    os.write(fd, json.dumps(state).encode())
    monkeypatch.setenv(INHERITED, str(fd))
    inherited = inherit()
    assert inherited == Takeover(3, [], {12: DIED}, {"all": 2}, None)
    assert INHERITED not in os.environ


def test_another_release_can_read_what_is_left_to_it(monkeypatch):
    left = {}
    monkeypatch.setattr(reexec.os, "execve", lambda _path, _arguments, environ: left.update(environ))
    Takeover(3, [], {12: DIED}, {"all": 2}, None).execute()
    with open(int(left[INHERITED]), "rb") as file:  # noqa: PTH123 - it has no path
        file.seek(0)
        state = json.loads(file.read())
    assert state == {"supervisor_id": 3, "children": [], "reports": {"12": REPORT}, "counts": {"all": 2}, "link": None}
