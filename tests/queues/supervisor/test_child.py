"""Which workers their forker kills, and that one that gets no processor is not among them."""

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from askpro.queues.fleet.state import STUCK_AFTER
from askpro.queues.processes.page import Page
from askpro.queues.supervisor import child as module
from askpro.queues.supervisor.child import BIRTH, KILL_GRACE, LEAVE_GRACE, Child, waited

LOOK = 0.5


@pytest.fixture
def child(monkeypatch):
    monkeypatch.setattr(module, "send_signal", lambda *_: None)
    child = Child(Page(), "low", pid=os.getpid())
    yield child
    child.page.close()


def silent(child):
    child.page.register(7)
    return child.page.beat_at + STUCK_AFTER


def never_heard(child):
    return child.forked_at + BIRTH


def leaving(child):
    child.page.register(7)
    child.leaving_at = time.monotonic()
    return child.leaving_at + LEAVE_GRACE


def late(child):
    child.page.register(7)
    child.page.take(str(uuid.uuid4()), 1, 5.0, "low")
    return child.page.started()[0].limit + KILL_GRACE


TROUBLES = {silent: "stuck", never_heard: "stuck", leaving: "stuck", late: "timed_out"}


def doomed_after(child, monkeypatch, until, share, trouble):
    """When the forker decides to kill it, if so much of its time it waits for a processor; None by `until`."""
    began = now = time.monotonic()
    while now < until:
        monkeypatch.setattr(module, "waited", lambda pid, now=now: share * (now - began))
        child.look(now, may_be_stuck=trouble is not leaving)
        if child.kill_at:
            return now
        now += LOOK
    return None


@pytest.mark.parametrize("trouble", TROUBLES)
def test_it_is_killed_when_it_had_its_turns(child, monkeypatch, trouble):
    due = trouble(child)
    assert due <= doomed_after(child, monkeypatch, due + 60, share=0.1, trouble=trouble) <= due + 2 * LOOK
    assert child.cause == TROUBLES[trouble]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_it_is_left_alone_as_long_as_it_waits_for_a_processor(child, monkeypatch, trouble):
    due = trouble(child)
    assert doomed_after(child, monkeypatch, due + 60, share=0.9, trouble=trouble) is None
    # The machine is free again, and still it does nothing.
    monkeypatch.setattr(module, "waited", lambda pid: 1000.0)
    for number in range(6):
        child.look(due + 60 + number * LOOK, may_be_stuck=trouble is not leaving)
    assert child.cause == TROUBLES[trouble]


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the system does not tell")
def test_who_waits_for_a_processor_is_told_from_who_sleeps():
    spins, sleeps = "while True: pass", "import time; time.sleep(60)"
    core = min(os.sched_getaffinity(0))
    started = [_start(code, core, nice) for code, nice in ((spins, 0), (spins, 19), (sleeps, 0))]
    try:
        time.sleep(0.3)
        before = [waited(each.pid) for each in started]
        time.sleep(0.6)
        _, nice, sleeping = (waited(each.pid) - was for each, was in zip(started, before, strict=True))
    finally:
        for each in started:
            each.send_signal(signal.SIGKILL)
            each.wait()
    assert nice > 0.3 > 0.1 > sleeping


def _start(code, core, nice):
    def prepare():
        os.sched_setaffinity(0, {core})
        os.nice(nice)

    return subprocess.Popen([sys.executable, "-S", "-c", code], preexec_fn=prepare)
