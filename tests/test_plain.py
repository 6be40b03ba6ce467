"""No part of an outside text reaches a log line, an attempt, an event of the fleet, an alert or Sentry."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.core import serializers
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone
from sentry_sdk.transport import Transport

from askpro.logging import JsonFormatter, LineFormatter, tell_what_nobody_caught
from askpro.queues import actor
from askpro.queues.models import Attempt, FleetEvent, Job
from askpro.queues.plain import WITHHELD, is_ours, message_of, trace_of
from askpro.queues.testing import run_jobs
from askpro.sentry import scrub
from askpro.watch.conditions.dead_jobs import dead_jobs_pressing
from tests.telling import CANARY, RAISED, caught

pytestmark = pytest.mark.django_db

KINDS = sorted(RAISED)
# A third of them in CI, all with `--long`.
SOME = [pytest.param(kind, marks=() if n % 3 == 0 else pytest.mark.long) for n, kind in enumerate(KINDS)]
log = logging.getLogger(__name__)


@actor(queue_name="critical", max_retries=0)
def ends_with(kind: str) -> None:
    RAISED[kind]()


def page(request: HttpRequest, kind: str) -> HttpResponse:
    RAISED[kind]()
    return HttpResponse()


urlpatterns = [path("raise/<str:kind>/", page)]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """All that both kinds of log would hold, from the lowest level on."""
    stream = io.StringIO()
    handlers = [logging.StreamHandler(stream), logging.StreamHandler(stream)]
    handlers[0].setFormatter(JsonFormatter())
    handlers[1].setFormatter(LineFormatter())
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    for handler in handlers:
        root.addHandler(handler)
    yield stream
    root.setLevel(level)
    for handler in handlers:
        root.removeHandler(handler)


def safe(*said: str) -> bool:
    whole = "\n".join(said)
    return not any(part in whole for part in (CANARY, "Kanarienvogel", "4915550100777"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_exception_quotes_reaches_no_log_line(kind: str, written: io.StringIO) -> None:
    error = caught(kind)
    log.error("It failed: %s", error, exc_info=error)
    log.error("It failed", exc_info=error)
    log.warning("%s", error)
    logging.getLogger("urllib3.connectionpool").warning("Retrying after '%s': %s", error, CANARY)
    logging.getLogger("urllib3.connectionpool").warning(f"Retrying {CANARY}")
    assert safe(written.getvalue())
    assert type(error).__name__ in written.getvalue()
    assert "telling.py" in written.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_exception_quotes_reaches_no_row_and_no_alert(kind: str, written: io.StringIO) -> None:
    ends_with.send(kind=kind)
    run_jobs()
    rows = serializers.serialize("json", [*Job.objects.all(), *Attempt.objects.all(), *FleetEvent.objects.all()])
    found = [*dead_jobs_pressing(timezone.now())]
    assert found and safe(rows, written.getvalue(), *map(repr, found))
    attempt = Attempt.objects.get()
    assert attempt.error_class.rpartition(".")[2] == type(caught(kind)).__name__
    # What remains is useful: file, line and function.
    assert "telling.py" in attempt.trace
    assert "line " in attempt.trace


@pytest.mark.urls("tests.test_plain")
@pytest.mark.parametrize("kind", SOME)
def test_what_a_page_ended_with_reaches_no_log_line(kind: str, written: io.StringIO) -> None:
    answer = Client(raise_request_exception=False).get(f"/raise/{kind}/?q={CANARY}")
    assert answer.status_code == 500
    assert safe(written.getvalue())
    assert "raise/<str:kind>/" in written.getvalue()


class Kept(Transport):
    """Keeps what would be sent."""

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.sent: list[str] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.sent += [json.dumps(item.payload.json, default=str) for item in envelope.items]


@pytest.mark.parametrize("kind", SOME)
def test_what_an_exception_quotes_never_leaves_for_sentry(kind: str) -> None:
    transport = Kept()
    client = sentry_sdk.Client(
        dsn="http://key@127.0.0.1/1", transport=transport, before_send=scrub, default_integrations=False
    )
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        scope.set_tag("number", CANARY)
        scope.set_extra("number", CANARY)
        scope.set_user({"username": CANARY})
        scope.set_context("call", {"number": CANARY})
        scope.add_breadcrumb(message=CANARY)
        sentry_sdk.capture_exception(caught(kind))
        sentry_sdk.capture_message(CANARY)
    assert len(transport.sent) == 2
    assert safe(*transport.sent)
    assert "telling.py" in transport.sent[0]


def test_our_own_words_and_what_led_to_them_are_told() -> None:
    trace = trace_of(caught("cause of a cause"))
    assert "askpro.queues.errors.Unavailable: Twilio: reset" in trace
    assert "direct cause of the following exception" in trace
    assert f"KeyError: {WITHHELD}" in trace
    assert message_of(caught("note")) == "Cal.com: no connection in time"


def test_a_group_tells_of_each_of_its_exceptions() -> None:
    trace = trace_of(caught("group"))
    assert trace.count(f"KeyError: {WITHHELD}") == 1
    assert "1. exception of the group ExceptionGroup" in trace
    assert f"ValueError: {WITHHELD}" in trace


def test_a_chain_that_bites_its_tail_is_told_once() -> None:
    first, second = ValueError("a"), KeyError("b")
    first.__cause__, second.__cause__ = second, first
    assert trace_of(first).count(f"ValueError: {WITHHELD}") == 1


def test_what_ends_a_thread_is_logged_and_not_printed(written: io.StringIO, capsys: Any) -> None:
    before = threading.excepthook
    tell_what_nobody_caught()
    try:
        thread = threading.Thread(target=RAISED["value"])
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before
    assert safe(written.getvalue(), *capsys.readouterr())
    assert "A thread ended by ValueError" in written.getvalue()


def test_only_modules_of_this_project_are_ours() -> None:
    assert is_ours("askpro.http")
    assert is_ours("calls.models.customer")
    assert not is_ours("builtins")
    assert not is_ours("requests")
    assert not is_ours("no.such.module")
