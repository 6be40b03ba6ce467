"""Bookings are created, moved and ended as Cal.com's contract says."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from askpro.dev.sandbox.client import SandboxClient
from tests.dev.sandbox.vendors import BEARD, COLOUR, FIRST_TALK, HAIRCUT, THURSDAY, Calcom, booking

SLOT_GONE = "User either already has booking at this time or is not available"
SLOT_GONE_TEAM = "One of the hosts either already has booking at this time or is not available"


def message(response: requests.Response) -> str:
    return response.json()["error"]["message"]


def test_it_books_and_answers_with_what_was_asked(calcom: Calcom, conforms: Callable[..., None]) -> None:
    answer = calcom.book(COLOUR, THURSDAY)

    conforms("calcom", answer)
    data = answer.json()["data"]
    assert answer.status_code == 201
    assert (data["status"], data["start"], data["end"]) == (
        "accepted",
        "2026-12-03T13:00:00.000Z",
        "2026-12-03T14:30:00.000Z",
    )
    assert data["metadata"]["askpro_booking_key"] == "9f7b2c1a-6a5e-4d0c-8b53-1f0d2d7f6a11"
    assert data["hosts"][0]["id"] == 20817
    assert data["location"] == "Torstraße 1, 10119 Berlin"
    assert data["isPlatformManagedUserBooking"] is False
    assert len(data["uid"]) == 22


def test_its_booking_has_the_fields_of_the_contracts_example(calcom: Calcom, contracts: Path) -> None:
    example = json.loads((contracts / "examples/calcom/api.create_booking.201.json").read_text())["data"]
    assert calcom.booked().keys() == example.keys()


def test_it_reads_a_start_without_a_zone_as_utc(calcom: Calcom) -> None:
    assert calcom.booked(start="2026-12-03T13:00:00")["start"] == "2026-12-03T13:00:00.000Z"


def test_it_drops_unknown_properties_in_silence(calcom: Calcom) -> None:
    data = calcom.booked(metdata={"typo": "x"})
    assert "metdata" not in data and "typo" not in str(data)


@pytest.mark.parametrize(
    "start", ["2026-12-03T12:00:00Z", "2026-12-03T13:00:00Z", "2026-12-03T14:15:00Z"], ids=["before", "same", "tail"]
)
def test_it_refuses_a_time_that_overlaps_a_booking_of_the_host(
    calcom: Calcom, conforms: Callable[..., None], start: str
) -> None:
    calcom.booked(COLOUR, "2026-12-03T13:00:00Z")

    answer = calcom.book(COLOUR, start)

    conforms("calcom", answer)
    assert (answer.status_code, message(answer)) == (400, SLOT_GONE)


def test_it_takes_a_time_that_only_touches_a_booking(calcom: Calcom) -> None:
    calcom.booked(COLOUR, "2026-12-03T13:00:00Z")
    assert calcom.book(COLOUR, "2026-12-03T14:30:00Z").status_code == 201
    assert calcom.book(COLOUR, "2026-12-03T11:30:00Z").status_code == 201


def test_it_counts_another_service_of_the_same_host_as_taken(calcom: Calcom) -> None:
    calcom.booked(COLOUR, THURSDAY)
    answers = [calcom.book(HAIRCUT, THURSDAY) for _ in range(2)]

    assert answers[0].json()["data"]["hosts"][0]["name"] == "Ömer Yıldız"
    assert (answers[1].status_code, message(answers[1])) == (400, SLOT_GONE_TEAM)


def test_it_books_once_when_many_ask_at_the_same_moment(calcom: Calcom, sandbox: SandboxClient) -> None:
    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda _: Calcom(sandbox.url).book(BEARD, THURSDAY).status_code, range(10)))

    assert sorted(statuses) == [201] + [400] * 9
    assert len(sandbox.bookings()) == 1


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("2026-11-30T13:00:00Z", "Attempting to book a meeting in the past."),
        ("2026-12-01T10:00:00Z", 'The event type can\'t be booked at the "start" time provided.'),
        ("2028-12-07T13:00:00Z", 'The event type can\'t be booked at the "start" time provided.'),
        ("2026-12-07T13:00:00Z", SLOT_GONE),
        ("2026-12-03T07:00:00Z", SLOT_GONE),
        ("2026-12-03T18:00:00Z", SLOT_GONE),
    ],
    ids=["past", "below notice", "beyond window", "closed on Monday", "before opening", "ends after closing"],
)
def test_it_refuses_a_time_that_cannot_be_booked(calcom: Calcom, start: str, words: str) -> None:
    answer = calcom.book(COLOUR, start)
    assert answer.status_code == 400
    assert message(answer).startswith(words)


def test_it_says_404_to_an_unknown_event_type(calcom: Calcom, conforms: Callable[..., None]) -> None:
    answer = calcom.book(9999)
    conforms("calcom", answer)
    assert (answer.status_code, message(answer)) == (404, "Event type with id 9999 not found.")


def test_it_gets_a_booking_back(calcom: Calcom, conforms: Callable[..., None]) -> None:
    uid = calcom.booked()["uid"]
    answer = calcom.request("GET", f"/v2/bookings/{uid}")
    conforms("calcom", answer)
    assert answer.json()["data"]["uid"] == uid
    unknown = calcom.request("GET", "/v2/bookings/unbekannt")
    conforms("calcom", unknown)
    assert message(unknown) == "Booking with uid=unbekannt was not found in the database"


def test_it_cancels_once_and_frees_the_time(calcom: Calcom, conforms: Callable[..., None]) -> None:
    uid = calcom.booked()["uid"]

    first = calcom.request("POST", f"/v2/bookings/{uid}/cancel", json={"cancellationReason": "Kunde ist verhindert."})
    second = calcom.request("POST", f"/v2/bookings/{uid}/cancel", json={})

    conforms("calcom", first)
    conforms("calcom", second)
    assert (first.status_code, first.json()["data"]["status"]) == (200, "cancelled")
    assert first.json()["data"]["cancellationReason"] == "Kunde ist verhindert."
    assert second.status_code == 400
    assert "because it has been cancelled already" in message(second)
    assert calcom.book().status_code == 201


def test_it_reschedules_to_a_new_uid_and_keeps_the_metadata(calcom: Calcom, conforms: Callable[..., None]) -> None:
    old = calcom.booked()
    wish = {"start": "2026-12-04T09:30:00Z", "reschedulingReason": "Früherer Termin gewünscht"}

    answer = calcom.request("POST", f"/v2/bookings/{old['uid']}/reschedule", json=wish)

    conforms("calcom", answer)
    new = answer.json()["data"]
    assert answer.status_code == 201
    assert new["uid"] != old["uid"] and new["id"] > old["id"]
    assert (new["rescheduledFromUid"], new["metadata"]) == (old["uid"], old["metadata"])
    left = calcom.request("GET", f"/v2/bookings/{old['uid']}").json()["data"]
    assert (left["status"], left["rescheduledToUid"]) == ("cancelled", new["uid"])
    assert calcom.book().status_code == 201, "the old time is free again"


def test_it_names_the_new_booking_when_an_old_one_is_rescheduled_again(calcom: Calcom) -> None:
    path = f"/v2/bookings/{calcom.booked()['uid']}/reschedule"
    new = calcom.request("POST", path, json={"start": "2026-12-04T09:30:00Z"}).json()["data"]["uid"]

    again = calcom.request("POST", path, json={"start": "2026-12-04T09:30:00Z"})

    assert again.status_code == 400
    assert f"cancelled and rescheduled already to booking with uid={new}" in message(again)


def test_it_may_move_a_booking_into_its_own_time(calcom: Calcom) -> None:
    uid = calcom.booked()["uid"]
    answer = calcom.request("POST", f"/v2/bookings/{uid}/reschedule", json={"start": "2026-12-03T13:30:00Z"})
    assert answer.status_code == 201


def test_it_leaves_a_booking_pending_until_the_host_says_yes(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.switch(confirmation_required=[FIRST_TALK])
    first, second = calcom.booked(FIRST_TALK), calcom.booked(FIRST_TALK)
    assert [first["status"], second["status"]] == ["pending", "pending"], "pending bookings do not block each other"

    confirmed = calcom.request("POST", f"/v2/bookings/{first['uid']}/confirm")
    declined = calcom.request("POST", f"/v2/bookings/{second['uid']}/decline", json={"reason": "geschlossen"})

    assert confirmed.json()["data"]["status"] == "accepted"
    assert declined.json()["data"]["status"] == "rejected"


def test_it_lists_by_attendee_and_time_of_change_in_pages(calcom: Calcom, conforms: Callable[..., None]) -> None:
    starts = [f"2026-12-0{day}T09:00:00Z" for day in (2, 3, 4)]
    uids = [calcom.booked(BEARD, start)["uid"] for start in starts]
    other = booking()["attendee"] | {"email": "mia.koch@example.org", "name": "Mia Koch"}
    calcom.booked(BEARD, "2026-12-08T09:00:00Z", attendee=other)
    query = {"attendeeEmail": "juergen.weiss@example.org", "sortStart": "desc", "take": 2}

    first = calcom.listed(**query)
    second = calcom.listed(**query, skip=2)

    conforms("calcom", first)
    assert [row["uid"] for row in first.json()["data"]] == uids[:0:-1]
    assert first.json()["pagination"]["hasNextPage"] is True
    assert [row["uid"] for row in second.json()["data"]] == uids[:1]
    assert second.json()["pagination"] == {
        "returnedItems": 1,
        "totalItems": 3,
        "itemsPerPage": 2,
        "remainingItems": 0,
        "currentPage": 2,
        "totalPages": 2,
        "hasNextPage": False,
        "hasPreviousPage": True,
    }


def test_its_filters_leave_out_what_they_say(calcom: Calcom, sandbox: SandboxClient) -> None:
    early, late = calcom.booked(BEARD, "2026-12-02T09:00:00Z"), calcom.booked(COLOUR, "2026-12-04T09:00:00Z")
    calcom.request("POST", f"/v2/bookings/{late['uid']}/cancel", json={})

    def found(**query: str) -> list[str]:
        return [row["uid"] for row in calcom.listed(**query).json()["data"]]

    assert found(afterStart="2026-12-03T00:00:00Z") == [late["uid"]]
    assert found(beforeEnd="2026-12-03T00:00:00Z") == [early["uid"]]
    assert found(status="cancelled") == [late["uid"]]
    assert found(status="upcoming,cancelled") == [early["uid"], late["uid"]]
    assert found(eventTypeIds=f"{BEARD}, 1") == [early["uid"]]
    assert found(afterUpdatedAt="2026-12-02T00:00:00Z") == []
    assert found(attendeeName="weiß") == [early["uid"], late["uid"]]
    assert found(status="past") == []


def test_it_finds_an_address_with_a_plus_however_it_was_escaped(calcom: Calcom) -> None:
    attendee = booking()["attendee"] | {"email": "mia+termin@example.org"}
    uid = calcom.booked(attendee=attendee)["uid"]
    for written in ("mia%2Btermin@example.org", "mia+termin@example.org"):
        answer = calcom.request("GET", f"/v2/bookings?attendeeEmail={written}")
        assert [row["uid"] for row in answer.json()["data"]] == [uid]
