"""A job's exception reaches Sentry: once an hour for each cause, with what was worked on, without what people said."""

import json
import logging

import pytest
import responses
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from askpro.correlation import HEADER, correlated
from askpro.http import Client as VendorClient
from askpro.queues import Gone, RateLimited, Rejected, Release, actor
from askpro.queues.ids import uuid7
from askpro.queues.ledger.gates import Gate
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from askpro.sentry import finish, trail
from tests.sentry_sink import Sink
from tests.telling import CANARY, RAISED

pytestmark = pytest.mark.django_db(transaction=True)

log = logging.getLogger(__name__)
NAME = "Quendolin Zwirbelmann"
# Some of them in CI, all with `--long`.
SOME = [pytest.param(kind, marks=() if n % 4 == 0 else pytest.mark.long) for n, kind in enumerate(sorted(RAISED))]


class Expected(Exception):
    """Raised by a job that may."""


@actor(queue_name="critical", max_retries=1, backoff=(0,), throws=Expected)
def ends_badly(kind: str, company_id: int = 0) -> None:
    log.warning("Reached %s", NAME)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM calls_call WHERE from_number = %s", [CANARY])
    caller = {"name": NAME, "number": CANARY}  # noqa: F841 - a local variable that quotes
    if kind == "expected":
        raise Expected(NAME)
    if kind in USUAL:
        raise USUAL[kind]
    RAISED[kind]()


USUAL: dict[str, Exception] = {"gone": Gone("gone"), "waits": Release(5, "waits")}


@actor(queue_name="critical", max_retries=0)
def goes_well() -> None:
    log.warning("An earlier job")


def page(request: HttpRequest) -> HttpResponse:
    raise ValueError(f"{NAME} asked for {request.get_full_path()}")


urlpatterns = [path("page/<str:name>/", page)]


def test_it_says_what_failed_where_and_in_whose_story(reports: Sink) -> None:
    story = str(uuid7())
    goes_well.send()
    run_jobs()
    with correlated(story):
        sent = ends_badly.send(kind="value", company_id=17)
    run_jobs()
    (event,) = reports.holds(1)
    assert event["tags"] == {
        "actor": "ends_badly",
        "queue": "critical",
        "job": sent.message_id,
        "attempt": "1",
        "correlation": story,
        "company": "17",
    }
    assert (event["release"], event["environment"], event["transaction"]) == ("2026.48", "testing", "ends_badly")
    assert event["exception"]["values"][-1]["type"] == "ValueError"
    assert event["extra"] == {"count": 1}
    said = [crumb["message"] for crumb in event["breadcrumbs"]["values"]]
    assert "Reached %s" in said and "SELECT calls_call" in said
    assert "An earlier job" not in said


def test_one_cause_is_one_report_however_often_it_ends_a_job(reports: Sink) -> None:
    for _ in range(5):
        ends_badly.send(kind="value")
    run_jobs(due_or_not=True)
    run_jobs(due_or_not=True)
    assert Job.objects.filter(status="dead").count() == 5
    ends_badly.send(kind="key")
    run_jobs()
    assert [event["exception"]["values"][-1]["type"] for event in reports.holds(2)] == ["ValueError", "KeyError"]


@pytest.mark.parametrize("kind", ["expected", "gone", "waits"])
def test_what_a_job_may_end_with_is_no_report(reports: Sink, kind: str) -> None:
    ends_badly.send(kind=kind)
    run_jobs()
    finish()
    assert reports.events == []


@pytest.mark.parametrize("kind", SOME)
def test_no_part_of_what_it_quotes_leaves(reports: Sink, kind: str) -> None:
    ends_badly.send(kind=kind)
    run_jobs()
    logging.getLogger("calls.tasks").error("Call of %s, %s failed", NAME, CANARY)
    logging.getLogger("urllib3").error(f"Retrying {CANARY}")
    finish()
    sent = b"\n".join(reports.bodies).decode()
    assert len(reports.events) >= 2 and "Call of %s, %s failed" in sent
    assert not any(part in sent for part in (CANARY, "Kanarienvogel", "4915550100777", "Quendolin", "Zwirbelmann"))


@pytest.mark.urls("tests.sentry.test_jobs")
def test_a_page_is_told_by_its_route(reports: Sink) -> None:
    story = str(uuid7())
    asked = Client(raise_request_exception=False)
    for _ in range(3):
        asked.get(f"/page/{NAME}/?q={CANARY}", headers={HEADER: story})
    (event,) = reports.holds(1)
    assert event["transaction"] == "/page/{name}/"
    assert event["tags"] == {"correlation": story}
    assert "Quendolin" not in json.dumps(event)


@responses.activate
def test_calls_to_vendors_are_among_what_led_to_it(reports: Sink) -> None:
    trail.asked("calcom", "POST /v2/bookings", "refused", 0.2114)
    log.error("It failed")
    (event,) = reports.holds(1)
    assert event["breadcrumbs"]["values"][-1]["message"] == "calcom POST /v2/bookings: refused in 211 ms"


@actor(queue_name="critical", max_retries=0)
def finds_away(who: str) -> None:
    AWAY[who]()


def _postgres() -> None:
    raise OperationalError(f"connection to server at {CANARY} failed")


def _vendor() -> None:
    VendorClient("Cal.com", "http://127.0.0.1:1", speaks=lambda answer: True, gate=Gate("calcom:1")).request("GET", "/")


def _throttled() -> None:
    raise RateLimited(7, "Twilio: too many requests")


AWAY = {"postgres": _postgres, "calcom": _vendor, "twilio": _throttled}


@pytest.mark.parametrize("who", AWAY)
def test_an_outage_is_one_report_with_a_count_whatever_fails_by_it(reports: Sink, who: str) -> None:
    for _ in range(40):
        finds_away.send(who=who)
    run_jobs()
    try:
        AWAY[who]()
    except Exception as error:  # noqa: BLE001 - each is its own
        for _ in range(15):
            log.error("A page has no answer: %s", error)
    finish()
    (event,) = reports.holds(1)
    assert event["tags"]["outage"] == who
    assert event["fingerprint"] == [f"outage:{who}"]
    assert event["extra"]["count"] == 55


def test_a_refusal_is_no_outage(reports: Sink) -> None:
    log.error("Refused: %s", Rejected("Cal.com: the key is not valid"))
    (event,) = reports.holds(1)
    assert "tags" not in event
