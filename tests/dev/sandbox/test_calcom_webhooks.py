"""Cal.com's webhooks: signed, in the contract's words, and sent before the API answers."""

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from tests.dev.sandbox.listener import Listener
from tests.dev.sandbox.vendors import FIRST_TALK, THURSDAY, Calcom

SECRET = LOCAL["CALCOM_WEBHOOK_SECRETS"]


def told(listener: Listener, position: int = 0) -> dict[str, Any]:
    return json.loads(listener.wait_for(position + 1)[position]["body"])


def example(contracts: Path, trigger: str) -> dict[str, Any]:
    return json.loads((contracts / "examples" / "calcom" / f"{trigger}.json").read_text())


def test_it_signs_the_bytes_it_sends(calcom: Calcom, listener: Listener) -> None:
    calcom.booked()
    request = listener.wait_for(1)[0]
    assert request["path"] == "/webhooks/calcom/"
    assert request["headers"]["X-Cal-Webhook-Version"] == "2021-10-20"
    expected = hmac.new(SECRET.encode(), request["body"], hashlib.sha256).hexdigest()
    assert request["headers"]["X-Cal-Signature-256"] == expected
    assert "Jürgen Weiß".encode() in request["body"], "umlauts as they are, like JSON.stringify"


def test_it_tells_of_a_booking_before_it_answers(calcom: Calcom, sandbox: SandboxClient, listener: Listener) -> None:
    there: list[int] = []
    listener.on_request = lambda: there.append(len(sandbox.bookings()))

    data = calcom.booked()

    assert len(listener.requests) == 1, "delivered by the time the answer is here"
    assert there == [1], "and the booking exists while it is told of"
    payload = told(listener)["payload"]
    assert (payload["uid"], payload["status"], payload["metadata"]) == (data["uid"], "ACCEPTED", data["metadata"])
    assert payload["startTime"] == "2026-12-03T13:00:00Z"


def test_it_tells_of_a_cancellation_before_it_is_done(
    calcom: Calcom, sandbox: SandboxClient, listener: Listener
) -> None:
    uid = calcom.booked()["uid"]
    statuses: list[str] = []
    listener.on_request = lambda: statuses.append(sandbox.bookings()[0]["status"])

    calcom.request("POST", f"/v2/bookings/{uid}/cancel", json={"cancellationReason": "krank"})

    assert statuses == ["accepted"]
    payload = told(listener, 1)["payload"]
    assert (payload["uid"], payload["cancellationReason"]) == (uid, "krank")
    assert payload["startTime"] == "2026-12-03T13:00:00+00:00"
    assert "metadata" not in payload


def test_it_tells_of_a_reschedule_with_both_uids(calcom: Calcom, listener: Listener) -> None:
    old = calcom.booked()["uid"]
    path = f"/v2/bookings/{old}/reschedule"
    new = calcom.request("POST", path, json={"start": "2026-12-04T09:30:00Z"}).json()["data"]["uid"]

    assert [told(listener, n)["triggerEvent"] for n in range(2)] == ["BOOKING_CREATED", "BOOKING_RESCHEDULED"]
    payload = told(listener, 1)["payload"]
    assert (payload["uid"], payload["rescheduleUid"]) == (new, old)
    assert payload["rescheduleStartTime"] == "2026-12-03T13:00:00Z"


def _made(trigger: str, calcom: Calcom, sandbox: SandboxClient) -> None:
    """Let the sandbox send `trigger` as its last webhook."""
    if trigger in ("BOOKING_REQUESTED", "BOOKING_REJECTED"):
        sandbox.switch(confirmation_required=[FIRST_TALK])
    uid = calcom.booked(FIRST_TALK, THURSDAY)["uid"]
    after: dict[str, tuple[str, dict[str, str]]] = {
        "BOOKING_CANCELLED": ("cancel", {"cancellationReason": "krank"}),
        "BOOKING_RESCHEDULED": (
            "reschedule",
            {"start": "2026-12-04T09:30:00Z", "rescheduledBy": "juergen.weiss@example.org"},
        ),
        "BOOKING_REJECTED": ("decline", {"reason": "geschlossen"}),
    }
    if trigger in after:
        verb, body = after[trigger]
        assert calcom.request("POST", f"/v2/bookings/{uid}/{verb}", json=body).ok


# Fields of the examples that depend on the event type's settings, not on the event.
OPTIONAL = {
    "usernameInOrg", "firstName", "lastName", "cancelledBy", "conferenceData", "assignmentReason", "hashedLink",
    "organizationId", "hideCalendarNotes", "hideCalendarEventDetails", "isHidden",
}  # fmt: skip


@pytest.mark.parametrize(
    "trigger",
    ["BOOKING_CREATED", "BOOKING_REQUESTED", "BOOKING_RESCHEDULED", "BOOKING_CANCELLED", "BOOKING_REJECTED"],
)
def test_its_payload_has_the_fields_of_the_contracts_example(
    calcom: Calcom, sandbox: SandboxClient, listener: Listener, contracts: Path, trigger: str
) -> None:
    _made(trigger, calcom, sandbox)

    ours, theirs = json.loads(listener.requests[-1]["body"]), example(contracts, trigger)

    assert ours["triggerEvent"] == trigger
    assert ours.keys() == theirs.keys()
    assert ours["payload"].keys() ^ theirs["payload"].keys() <= OPTIONAL
    for name in ("organizer", "responses"):
        assert ours["payload"][name].keys() ^ theirs["payload"][name].keys() <= OPTIONAL, name
    assert ours["payload"]["attendees"][0].keys() ^ theirs["payload"]["attendees"][0].keys() <= OPTIONAL
    assert ours["payload"]["status"] == theirs["payload"]["status"]


def test_it_does_not_send_a_refused_webhook_again(calcom: Calcom, sandbox: SandboxClient, listener: Listener) -> None:
    listener.statuses = [500]
    assert calcom.book().status_code == 201
    assert [delivery["status"] for delivery in sandbox.deliveries("calcom")] == [500]


def test_it_can_send_without_waiting_or_not_at_all(calcom: Calcom, sandbox: SandboxClient, listener: Listener) -> None:
    sandbox.switch(webhooks="async")
    calcom.booked()
    listener.wait_for(1)
    sandbox.switch(webhooks="off")
    calcom.booked(start="2026-12-04T09:30:00Z")
    assert len(listener.requests) == 1


def test_it_repeats_a_delivery_byte_for_byte(calcom: Calcom, sandbox: SandboxClient, listener: Listener) -> None:
    calcom.booked()
    sandbox.repeat(sandbox.deliveries("calcom", "BOOKING_CREATED")[0])
    first, second = listener.wait_for(2)
    assert first["body"] == second["body"]
    assert first["headers"]["X-Cal-Signature-256"] == second["headers"]["X-Cal-Signature-256"]


def test_it_tells_whoever_was_registered(calcom: Calcom, sandbox: SandboxClient, listener: Listener) -> None:
    sandbox.switch(webhook_urls="any")
    wanted = {"active": True, "subscriberUrl": f"{listener.url}/other/", "triggers": ["BOOKING_CREATED"]}
    created = calcom.request("POST", "/v2/webhooks", json=wanted)
    again = calcom.request("POST", "/v2/webhooks", json=wanted)
    assert (created.status_code, again.status_code) == (201, 409)

    calcom.booked()

    other = next(request for request in listener.wait_for(2) if request["path"] == "/other/")
    assert other["headers"]["X-Cal-Signature-256"] == "no-secret-provided"
    assert calcom.request("DELETE", f"/v2/webhooks/{created.json()['data']['id']}").ok
    assert calcom.request("GET", "/v2/webhooks").json()["data"] == []


@pytest.mark.parametrize(
    "url",
    [
        "http://askpro.example.org/webhooks/calcom/",
        "https://127.0.0.1:8000/webhooks/calcom/",
        "https://192.168.1.20/webhooks/calcom/",
        "https://localhost/webhooks/calcom/",
        "https://askpro.internal/webhooks/calcom/",
    ],
)
def test_it_registers_public_https_addresses_only(calcom: Calcom, url: str) -> None:
    wanted = {"active": True, "subscriberUrl": url, "triggers": ["BOOKING_CREATED"]}
    refused = calcom.request("POST", "/v2/webhooks", json=wanted)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "BadRequestException")
    assert calcom.request("GET", "/v2/webhooks").json()["data"] == []


def test_it_changes_a_webhook_and_never_into_one_that_is_there(calcom: Calcom, conforms: Callable[..., None]) -> None:
    first, second = (
        calcom.request(
            "POST",
            "/v2/webhooks",
            json={"active": True, "subscriberUrl": f"https://{name}.example.org/", "triggers": ["BOOKING_CREATED"]},
        ).json()["data"]
        for name in ("one", "two")
    )
    changed = calcom.request("PATCH", f"/v2/webhooks/{first['id']}", json={"active": False, "secret": "new"})
    conforms("calcom", changed)
    assert changed.json()["data"] == first | {"active": False, "secret": "new"}
    same = {"subscriberUrl": second["subscriberUrl"]}
    assert calcom.request("PATCH", f"/v2/webhooks/{first['id']}", json=same).status_code == 409
    assert calcom.request("PATCH", f"/v2/webhooks/{second['id']}", json=same).status_code == 200
    assert calcom.request("PATCH", "/v2/webhooks/none", json={}).status_code == 404
