"""Faults on demand: each does what it says, to the right requests, and no more often."""

import time
from typing import Any

import pytest
import requests

from askpro.dev.sandbox.client import SandboxClient, SandboxRefused
from tests.dev.sandbox.vendors import COLOUR, THURSDAY, Calcom, Retell, Twilio

ROUTE = "calcom.create_booking"


@pytest.mark.parametrize(
    ("fault", "booked"),
    [({"drop": "before"}, 0), ({"drop": "after"}, 1), ({"reset": "before"}, 0), ({"reset": "after"}, 1)],
)
def test_it_breaks_the_connection_before_or_after_the_effect(
    calcom: Calcom, sandbox: SandboxClient, fault: dict[str, Any], booked: int
) -> None:
    sandbox.fault(ROUTE, **fault)
    with pytest.raises(requests.ConnectionError) as caught:
        calcom.book()
    assert ("reset" in str(caught.value)) == ("reset" in fault)
    assert len(sandbox.bookings()) == booked
    assert calcom.request("GET", "/v2/me").ok, "the next request is served again"


def test_it_lets_a_request_time_out_after_it_took_effect(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.fault(ROUTE, drop="after", latency_ms=5000)
    headers = {"Authorization": f"Bearer {calcom.key}", "cal-api-version": calcom.version}
    body = {"start": THURSDAY, "eventTypeId": COLOUR, "attendee": _attendee()}
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{calcom.url}/v2/bookings", json=body, headers=headers, timeout=1)
    assert len(sandbox.bookings()) == 1


def test_it_answers_what_the_vendor_would_with_a_status(
    calcom: Calcom, twilio: Twilio, retell: Retell, sandbox: SandboxClient
) -> None:
    for route in (ROUTE, "twilio.create_message", "retell.list_calls"):
        sandbox.fault(route, status=429)

    by_calcom, by_twilio, by_retell = calcom.book(), twilio.send(), retell.listed()

    assert [answer.status_code for answer in (by_calcom, by_twilio, by_retell)] == [429] * 3
    assert by_calcom.json()["error"]["code"] == "ThrottlerException"
    assert by_calcom.headers["X-RateLimit-Reset-Default"] == "47"
    assert by_twilio.json()["code"] == 20429
    assert by_retell.json()["message"].startswith("Account rate limited")
    assert sandbox.bookings() == [] and sandbox.messages() == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (409, {"statusCode": 409, "message": "booking_conflict_error"}),
        (500, {"statusCode": 500, "message": "Internal server error"}),
    ],
)
def test_it_answers_in_the_bare_shape_where_the_vendor_does(
    calcom: Calcom, sandbox: SandboxClient, status: int, body: dict[str, Any]
) -> None:
    sandbox.fault(ROUTE, status=status)
    answer = calcom.book()
    assert (answer.status_code, answer.json()) == (status, body)


def test_it_answers_with_any_body_and_headers(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.fault(ROUTE, status=503, body="<h1>Bad gateway</h1>", headers={"Retry-After": "7"})
    answer = calcom.book()
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (503, "<h1>Bad gateway</h1>", "7")


def test_a_share_of_the_requests_meets_it(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.fault("calcom.*", status=503, times=1000, share=0.5)
    answers = {calcom.request("GET", "/v2/me").status_code for _ in range(60)}
    assert answers == {200, 503}


def test_it_can_fail_after_the_effect(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.fault(ROUTE, status=500, effect=True)
    assert calcom.book().status_code == 500
    assert len(sandbox.bookings()) == 1


def test_it_delays_an_answer_that_is_true_otherwise(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.fault(ROUTE, latency_ms=80)
    began = time.perf_counter()
    assert calcom.book().status_code == 201
    assert time.perf_counter() - began >= 0.08


@pytest.mark.parametrize(("event_type", "words"), [(4712, "User either already"), (4711, "One of the hosts either")])
def test_it_says_that_a_slot_is_gone(calcom: Calcom, sandbox: SandboxClient, event_type: int, words: str) -> None:
    sandbox.fault(ROUTE, slot_gone=True)
    answer = calcom.book(event_type)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(words)


def test_it_strikes_so_often_and_then_no_more(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.fault("calcom.*", status=503, times=2)
    statuses = [calcom.request("GET", "/v2/me").status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    assert sandbox.faults()[0]["hits"] == 2


def test_it_strikes_only_what_matches(twilio: Twilio, sandbox: SandboxClient) -> None:
    sandbox.fault("twilio.create_message", status=500, match={"To": "+4915550100124"})
    assert twilio.send().status_code == 201
    assert twilio.send(To="+4915550100124").status_code == 500


def test_it_matches_inside_of_json(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.fault(ROUTE, status=500, match={"attendee.email": "juergen.weiss@example.org", "eventTypeId": "4712"})
    assert calcom.book(4713).status_code == 201
    assert calcom.book(4712).status_code == 500


def test_faults_are_cleared_alone_or_with_everything(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.fault("calcom.*", status=503)
    sandbox.clear_faults()
    assert calcom.book().status_code == 201
    sandbox.fault("calcom.*", status=503)
    sandbox.reset()
    assert calcom.request("GET", "/v2/me").ok
    assert sandbox.bookings() == []


@pytest.mark.parametrize("wrong", [{"stauts": 500}, {"drop": "later"}, {"status": "500"}])
def test_it_refuses_a_fault_that_it_does_not_know(sandbox: SandboxClient, wrong: dict[str, Any]) -> None:
    with pytest.raises(SandboxRefused):
        sandbox.fault(ROUTE, **wrong)


@pytest.mark.parametrize("wrong", [{"webhook": "off"}, {"webhooks": "sometimes"}, {"sms_step_ms": "fast"}])
def test_it_refuses_a_switch_that_it_does_not_know(sandbox: SandboxClient, wrong: dict[str, Any]) -> None:
    with pytest.raises(SandboxRefused):
        sandbox.switch(**wrong)


def _attendee() -> dict[str, str]:
    return {"name": "Mia Koch", "email": "mia.koch@example.org", "timeZone": "Europe/Berlin"}


def test_it_cuts_an_answer_off(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.fault("calcom.me", cut=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        calcom.request("GET", "/v2/me")
    assert calcom.request("GET", "/v2/me").ok


def test_it_lets_an_answer_drip(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.fault("calcom.me", drip_ms=1)
    began = time.perf_counter()
    assert calcom.request("GET", "/v2/me").ok
    assert time.perf_counter() - began > 0.5


@pytest.mark.parametrize("pack", [False, True])
def test_it_makes_an_answer_as_large_as_wanted(calcom: Calcom, sandbox: SandboxClient, pack: bool) -> None:
    sandbox.fault("calcom.me", padding=3_000_000, pack=pack)
    answer = calcom.request("GET", "/v2/me")
    assert len(answer.content) > 3_000_000
    assert answer.json()["status"] == "success"
    assert (int(answer.headers["Content-Length"]) < 100_000) == pack
