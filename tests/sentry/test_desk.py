"""Processes on any number of hosts report a cause once between them, and nobody waits for Sentry."""

import os
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import sentry_sdk
import time_machine
from sentry_sdk.envelope import Envelope

from askpro.queues.ledger.enqueue import COLUMNS  # noqa: F401 - the engine is loaded before a fork
from askpro.queues.processes.fork import fork
from askpro.sentry import client, finish, tally, transport
from askpro.sentry.causes import Cause
from askpro.sentry.desk import MOST, Desk
from tests.sentry_sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

BUG, OUTAGE = Cause("a1b2"), Cause("outage:postgres", "postgres")
Another = Callable[[], Desk]


def envelope(cause: Cause) -> Envelope:
    told = Envelope()
    told.add_event({"event_id": os.urandom(16).hex(), "fingerprint": [cause.key], "tags": {"outage": cause.outage}})
    return told


def test_two_processes_report_once_and_count_together(reports: Sink, another_process: Another) -> None:
    desks = [another_process() for _ in range(3)]
    for desk in desks:
        desk.take(OUTAGE, envelope(OUTAGE))
        assert all(desk.counts(OUTAGE) for _ in range(4))
    time.sleep(0.3)
    assert reports.events == []
    for desk in desks:
        desk.flush(2.0)
    (event,) = reports.holds(1)
    assert event["extra"]["count"] == 15


def test_what_came_later_is_told_with_the_next_report(
    reports: Sink, another_process: Another, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "PAUSE", 1)
    first, second = another_process(), another_process()
    first.take(BUG, envelope(BUG))
    reports.holds(1)
    assert first.counts(BUG) and first.counts(BUG)
    first.flush(1.0)
    time.sleep(1.05)
    second.take(BUG, envelope(BUG))
    assert reports.holds(2)[1]["extra"]["count"] == 3


def test_without_redis_postgresql_decides(reports: Sink, another_process: Another, settings: Any) -> None:
    settings.REDIS_URL = ""
    with time_machine.travel("2031-05-05 10:59:50+00:00", tick=False) as clock:
        for _ in range(2):
            another_process().take(BUG, envelope(BUG))
        reports.holds(1)
        clock.shift(60)
        another_process().take(BUG, envelope(BUG))
        reports.holds(2)


def test_without_both_each_process_reports_for_itself(
    reports: Sink, another_process: Another, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(tally, "ONCE", "SELECT 1 / 0 WHERE %s <> ''")
    for _ in range(2):
        desk = another_process()
        desk.take(BUG, envelope(BUG))
        desk.take(BUG, envelope(BUG))
    reports.holds(2)


def test_a_process_knows_so_many_causes_and_drops_the_rest(reports: Sink, another_process: Another) -> None:
    desk = another_process()
    for number in range(MOST + 50):
        cause = Cause(f"outage:{number}", "postgres")
        desk.take(cause, envelope(cause))
    assert len(desk._seen) == MOST


def test_a_fork_reports_and_its_end_waits_for_that(reports: Sink) -> None:
    def work() -> None:
        client.start()
        sentry_sdk.capture_exception(ValueError("in the child"))

    pid = fork(work)
    os.waitpid(pid, 0)
    (event,) = reports.holds(1, seconds=0.5)
    assert event["exception"]["values"][0]["type"] == "ValueError"


def test_a_sentry_that_never_answers_costs_nobody_anything(
    reports: Sink, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LAST", 0.5)
    sentry_sdk.get_client().close(timeout=0.1)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        settings.SENTRY_DSN = f"http://key@127.0.0.1:{silent.getsockname()[1]}/1"
        client.start()
        began = time.monotonic()
        for number in range(50):
            sentry_sdk.capture_exception(type(f"Error{number}", (Exception,), {})())
        # Each would wait for half a minute, if it did.
        assert time.monotonic() - began < 10.0
        began = time.monotonic()
        finish()
        assert time.monotonic() - began < client.LAST + 3.0
    desk = transport.desk()
    assert desk is not None and len(desk._seen) <= MOST
