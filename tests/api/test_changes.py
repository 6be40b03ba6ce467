"""A trusted caller cancels and moves what it asked for: in the background, once, for its own company only."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory
from openapi_core import OpenAPI
from openapi_core.contrib.django import DjangoOpenAPIRequest, DjangoOpenAPIResponse

from appointments.models import Appointment, Change
from appointments.tasks import carry_out_change
from askpro.queues.testing import assert_sent, run_jobs
from calls.models import BookingRequest
from tests.api.conftest import client_with, token_of
from tests.appointments import salon
from tests.appointments.calcom_stub import CalcomStub

Act = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def place(post: Callable[..., Any], wish: dict[str, Any], calendar: CalcomStub) -> str:
    """The address of a request that is booked."""
    answer = post(wish)
    run_jobs()
    return str(answer["Location"])


@pytest.fixture
def act(client: Client) -> Act:
    def act(place: str, verb: str, client: Client = client, **body: Any) -> Any:
        return client.post(f"{place}{verb}/", body, content_type="application/json")

    return act


def test_a_cancellation_is_carried_out_told_and_shown(place: str, act: Act, client: Client) -> None:
    answer = act(place, "cancel", reason="Filiale geschlossen")
    assert (answer.status_code, answer.json()["changes"][0]["state"]) == (202, "waiting")
    assert act(place, "cancel").json()["changes"] == answer.json()["changes"]
    run_jobs()
    state = client.get(place).json()
    (change,) = state["changes"]
    assert (state["appointment"]["status"], change["state"], change["channel"]) == ("cancelled", "done", "api")
    assert "cancellation" in {message["kind"] for message in state["messages"]}
    assert Change.objects.get().reason == "Filiale geschlossen"


def test_a_move_is_wanted_once(place: str, act: Act) -> None:
    answers = [act(place, "reschedule", starts_at="2026-12-04T15:00:00+01:00") for _ in range(2)]
    assert {answer.status_code for answer in answers} == {202}
    change = Change.objects.get()
    assert change.starts_at is not None and change.starts_at.isoformat() == "2026-12-04T14:00:00+00:00"
    assert_sent(carry_out_change, times=1, change_id=change.pk)


@pytest.mark.parametrize(
    ("verb", "body", "status", "error"),
    [
        ("reschedule", {"starts_at": "2026-12-03T14:00:00+01:00"}, 409, "same_time"),
        ("reschedule", {"starts_at": "2026-11-30T10:00:00+01:00"}, 409, "time_over"),
        ("reschedule", {"starts_at": "2029-12-03T14:00:00+01:00"}, 409, "too_far_ahead"),
        ("reschedule", {"starts_at": "2026-12-04T15:00:00"}, 400, "invalid"),
        ("reschedule", {}, 400, "invalid"),
        ("cancel", {"reason": "x" * 201}, 400, "invalid"),
        ("cancel", {"reason": ["x"]}, 400, "invalid"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(
    place: str, act: Act, verb: str, body: dict[str, Any], status: int, error: str
) -> None:
    answer = act(place, verb, **body)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert not Change.objects.exclude(state="refused").exists()


def test_within_the_notice_it_is_refused(place: str, act: Act) -> None:
    Appointment.objects.get().company.__class__.objects.update(change_notice_minutes=60 * 24 * 7)
    answer = act(place, "cancel")
    assert (answer.status_code, answer.json()["error"]) == (409, "change_notice")
    assert "Frist" in answer.json()["detail"]


def test_incident_25_nobody_changes_what_another_company_has(place: str, act: Act) -> None:
    other = client_with(token_of(salon.company("salon-esche"))[1])
    assert act(place, "cancel", client=other).status_code == 404
    assert act(place, "cancel", client=Client()).status_code == 401
    assert not Change.objects.exists()


def test_a_request_is_withdrawn_before_it_is_booked(
    post: Callable[..., Any], wish: dict[str, Any], act: Act, calendar: CalcomStub
) -> None:
    place = post(wish)["Location"]
    assert act(place, "reschedule", starts_at="2026-12-04T15:00:00+01:00").json()["error"] == "no_appointment"
    assert act(place, "cancel").json()["status"] == "dropped"
    run_jobs()
    assert not calendar.bookings and BookingRequest.objects.get().status == "dropped"
    assert act(place, "cancel").status_code == 409


def test_answers_are_as_described(place: str, act: Act, client: Client) -> None:
    schema = client.get("/api/v1/schema/", headers={"Accept": "application/json"}).json()
    described = OpenAPI.from_dict(schema)
    move = {"starts_at": "2026-12-04T15:00:00+01:00"}
    answers = [act(place, "reschedule"), act(place, "reschedule", **move), act(place, "cancel")]
    Change.objects.update(state="refused")
    Appointment.objects.update(status="no_show")
    answers.append(act(place, "cancel"))
    for answer, code in zip(answers, (400, 202, 202, 409), strict=True):
        assert answer.status_code == code
        asked = RequestFactory().generic("POST", answer.wsgi_request.path)
        described.validate_response(DjangoOpenAPIRequest(asked), DjangoOpenAPIResponse(answer))
