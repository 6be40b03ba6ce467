"""Any body gets an answer with a reason, never a crash, and nothing is left half done."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askpro.queues.models import Job
from calls.models import BookingRequest
from tests.api.conftest import URL

pytestmark = pytest.mark.usefixtures("clock")

ODD = [None, True, 0, -1, 1.5, 2**63, 10**400, "", " ", "\x00", "\ud800", "x" * 5000, [], {}, [[]], {"a": {}}]
FIELDS = ["starts_at", "service", "staff", "branch", "attendee", "sms_consent", "notes"]
IN_ATTENDEE = ["name", "phone", "email"]


def send(client: Client, body: bytes, content_type: str = "application/json") -> Any:
    return client.generic("POST", URL, body, content_type)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"\xff\xfe", 400),
        (b"[" * 50_000, 400),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400),
        (b'{"starts_at": ' + b"9" * 6000 + b"}", 400),
        (b'{"starts_at": NaN}', 400),
        (b'{"notes": "' + b"x" * 70_000 + b'"}', 413),
    ],
)
def test_it_refuses_what_cannot_be_read(client: Client, body: bytes, code: int) -> None:
    answer = send(client, body)
    assert answer.status_code == code
    assert set(answer.json()) >= {"error", "detail"}


def test_it_takes_json_only(client: Client, wish: dict[str, Any]) -> None:
    assert send(client, b"a=1", "application/x-www-form-urlencoded").status_code == 415
    assert client.delete(URL).status_code == 405


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:20])
def test_it_answers_an_odd_field_by_name(client: Client, wish: dict[str, Any], field: str, value: Any) -> None:
    answer = send(client, json.dumps(wish | {field: value}).encode())
    assert answer.status_code in (201, 400)
    if answer.status_code == 400 and "fields" in answer.json():
        assert {path.partition(".")[0] for path in answer.json()["fields"]} == {field}


@pytest.mark.parametrize("field", IN_ATTENDEE)
@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:20])
def test_it_answers_an_odd_attendee_by_name(client: Client, wish: dict[str, Any], field: str, value: Any) -> None:
    answer = send(client, json.dumps(wish | {"attendee": wish["attendee"] | {field: value}}).encode())
    assert answer.status_code in (201, 400)


@pytest.mark.parametrize(
    "moment",
    [
        "2026-12-03T14:00:00",
        "2026-12-03",
        "morgen",
        "2026-11-30T11:00:00+01:00",
        "2030-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "2026-12-03T14:00:00+99:99",
    ],
)
def test_it_wants_a_moment_to_come_with_its_offset(client: Client, wish: dict[str, Any], moment: str) -> None:
    answer = send(client, json.dumps(wish | {"starts_at": moment}).encode())
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {"starts_at"}


def test_it_says_each_field_that_is_missing(client: Client) -> None:
    answer = send(client, b'{"attendee": {}}')
    assert set(answer.json()["fields"]) == {"starts_at", "service", "attendee.name"}


def test_it_wants_a_way_to_reach_the_attendee(client: Client, wish: dict[str, Any]) -> None:
    answer = send(client, json.dumps(wish | {"attendee": {"name": "Ole Linde"}}).encode())
    assert set(answer.json()["fields"]) == {"attendee.phone"}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
bodies = st.dictionaries(st.sampled_from([*FIELDS, "call", "id"]), anything, max_size=8)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=bodies, attendee=st.dictionaries(st.sampled_from([*IN_ATTENDEE, "id"]), anything, max_size=4))
def test_it_never_fails_whatever_is_sent(
    client: Client, wish: dict[str, Any], settings: Any, changes: dict[str, Any], attendee: dict[str, Any]
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    before = BookingRequest.objects.count()
    who = {"attendee": wish["attendee"] | attendee} if attendee else {}
    answer = send(client, json.dumps({**wish, **who, **changes}).encode())
    assert answer.status_code in (201, 400)
    made = BookingRequest.objects.count() - before
    assert made == (answer.status_code == 201)
    assert Job.objects.filter(actor_name="create_appointment_from_request").count() == BookingRequest.objects.count()
