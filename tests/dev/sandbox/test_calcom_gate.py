"""The checks before Cal.com's resources: key, version, limit, validation; and both shapes of error."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from askpro.dev.sandbox.client import SandboxClient
from tests.dev.sandbox.vendors import BEARD, THURSDAY, Calcom, booking


def shape(value: Any) -> Any:
    """The names and types of a body, without its values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return type(value).__name__


def example(contracts: Path, name: str) -> Any:
    return json.loads((contracts / "examples" / "calcom" / f"api.error.{name}.json").read_text())


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("cal_somebody_elses", "CustomThrottlerGuard - Invalid API Key"),
        ("no_key_at_all", "ApiAuthStrategy - api key - Your api key is not valid"),
        ("", "ApiAuthStrategy - no auth"),
    ],
)
def test_it_refuses_a_key_that_is_not_its_own(
    calcom: Calcom, conforms: Callable[..., None], contracts: Path, key: str, words: str
) -> None:
    calcom.key = key
    answer = calcom.book()
    conforms("calcom", answer)
    assert answer.status_code == 401
    assert answer.json()["error"]["message"].startswith(words)
    assert shape(answer.json()) == shape(example(contracts, "401"))


@pytest.mark.parametrize("version", ["", "2099-01-01", "2024-04-15"])
def test_it_books_by_the_old_api_when_the_version_is_unknown(
    calcom: Calcom, sandbox: SandboxClient, version: str
) -> None:
    calcom.version = version
    answer = calcom.book()
    assert answer.status_code == 201
    assert answer.json()["data"]["startTime"] == "2026-12-03T13:00:00.000Z"
    assert not {"start", "hosts", "metadata"} & answer.json()["data"].keys()
    assert len(sandbox.bookings()) == 1


def test_it_says_cannot_post_to_a_version_of_another_resource(
    calcom: Calcom, conforms: Callable[..., None], contracts: Path
) -> None:
    answer = calcom.request("POST", "/v2/bookings", json=booking(), headers={"cal-api-version": "2024-09-04"})
    conforms("calcom", answer)
    assert answer.status_code == 404
    assert answer.json()["error"] == example(contracts, "404.wrong_api_version")["error"]


def test_every_answer_tells_what_is_left_of_the_limit(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.switch(calcom_rate_limit=3)
    answers = [calcom.request("GET", "/v2/me") for _ in range(3)]
    left = [answer.headers["X-RateLimit-Remaining-Default"] for answer in answers]
    assert left == ["2", "1", "0"]
    assert all(answer.headers["X-Request-Id"] for answer in answers)


def test_it_blocks_a_key_beyond_its_limit(
    calcom: Calcom, sandbox: SandboxClient, conforms: Callable[..., None], contracts: Path
) -> None:
    sandbox.switch(calcom_rate_limit=1)
    calcom.book(BEARD)

    answer = calcom.book(BEARD, "2026-12-04T13:00:00Z")

    conforms("calcom", answer)
    assert answer.status_code == 429
    assert answer.json()["error"] == example(contracts, "429")["error"]
    assert answer.headers["X-RateLimit-Remaining-Default"] == "0"
    assert 50 <= int(answer.headers["X-RateLimit-Reset-Default"]) <= 60
    assert "Retry-After" not in answer.headers
    assert len(sandbox.bookings()) == 1


WRONG = {
    "start": [{"start": "morgen um zwei"}, {"start": None}, {"start": 17}, {"start": "2026-02-30T10:00:00Z"}],
    "eventTypeId": [{"eventTypeId": "4711"}, {"eventTypeId": None}],
    "attendee": [
        {"attendee": None},
        {"attendee": {"name": "x", "timeZone": "Europe/Berlin"}},
        {"attendee": {"name": "x", "timeZone": "Berlin", "email": "x@example.org"}},
        {"attendee": {"name": "x", "timeZone": "Europe/Berlin", "email": "keine"}},
        {"attendee": {"name": "x", "timeZone": "Europe/Berlin", "email": "x@example.org", "language": "xx"}},
        {"attendee": {"name": "x", "timeZone": "Europe/Berlin", "email": "x@example.org", "phoneNumber": "0151"}},
    ],
    "metadata": [{"metadata": {"k" * 41: "v"}}, {"metadata": {"k": "v" * 501}}, {"metadata": {"k": {}}}],
}


@pytest.mark.parametrize(("name", "body"), [(name, body) for name, bodies in WRONG.items() for body in bodies])
def test_it_names_the_property_that_is_wrong(
    calcom: Calcom, conforms: Callable[..., None], name: str, body: dict[str, Any]
) -> None:
    answer = calcom.book(BEARD, **{"start": THURSDAY} | body)
    conforms("calcom", answer)
    error = answer.json()["error"]
    assert (answer.status_code, error["message"]) == (400, "Bad Request Exception")
    assert [entry["property"] for entry in error["details"]["errors"]] == [name]


def test_its_validation_error_is_the_contracts_example(calcom: Calcom, contracts: Path) -> None:
    ours = calcom.book(start="morgen um zwei").json()["error"]["details"]["errors"][0]
    theirs = example(contracts, "400.validation")["error"]["details"]["errors"][0]
    assert {**ours, "target": {}} == {**theirs, "target": {}}


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 50_000])
def test_it_answers_400_to_a_body_that_is_no_booking(calcom: Calcom, body: bytes) -> None:
    answer = calcom.request("POST", "/v2/bookings", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["status"] == "error"


@pytest.mark.parametrize(
    "query", [{"take": "251"}, {"take": "0"}, {"skip": "-1"}, {"status": "gone"}, {"afterStart": "gestern"}]
)
def test_it_refuses_a_query_that_is_none(calcom: Calcom, query: dict[str, str]) -> None:
    answer: requests.Response = calcom.listed(**query)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["errors"][0]["property"] in query


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"lengthInMinutes": 60}, "Can't specify 'lengthInMinutes'"),
        ({"location": {"type": "link", "link": "https://example.org"}}, "Booking location with type link"),
    ],
)
def test_it_refuses_what_the_event_type_does_not_offer(calcom: Calcom, more: dict[str, Any], words: str) -> None:
    answer = calcom.book(**more)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(words)


def test_it_needs_an_address_besides_the_phone(calcom: Calcom) -> None:
    attendee = {"name": "x", "timeZone": "Europe/Berlin", "phoneNumber": "+4915550100123"}
    assert calcom.book(attendee=attendee).status_code == 400


@pytest.mark.parametrize("path", ["/v2/me", "/v2/webhooks"])
def test_it_serves_what_needs_no_version(calcom: Calcom, conforms: Callable[..., None], path: str) -> None:
    answer = calcom.request("GET", path, headers={"cal-api-version": ""})
    conforms("calcom", answer)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/v2/event-types", "/v2/event-types/4711"])
def test_it_serves_event_types(calcom: Calcom, conforms: Callable[..., None], contracts: Path, path: str) -> None:
    answer = calcom.request("GET", path, headers={"cal-api-version": "2024-06-14"})
    conforms("calcom", answer)
    data = answer.json()["data"]
    first = data[0] if isinstance(data, list) else data
    theirs = json.loads((contracts / "examples/calcom/api.event_type.200.json").read_text())["data"]
    assert first.keys() == theirs.keys()
    assert [user["id"] for user in first["users"]] == [20817, 20818]


def test_it_serves_the_opening_hours(calcom: Calcom, conforms: Callable[..., None]) -> None:
    answer = calcom.request("GET", "/v2/schedules", headers={"cal-api-version": "2024-06-11"})
    conforms("calcom", answer)
    salon = answer.json()["data"][0]["availability"]
    assert {"days": ["Saturday"], "startTime": "09:00", "endTime": "14:00"} in salon
