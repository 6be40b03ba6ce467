"""Event types that are not plain: with seats, recurrence, a host's approval, a price, their own fields."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from askpro.dev.sandbox.client import SandboxClient, SandboxRefused
from tests.dev.sandbox.listener import Listener
from tests.dev.sandbox.vendors import BEARD, CLOCK, COLOUR, FIRST_TALK, HAIRCUT, THURSDAY, Calcom, booking

FRIDAY = "2026-12-04T09:30:00Z"
OURS = "juergen.weiss@example.org"
OTHER = {"name": "Mia Koch", "email": "mia.koch@example.org", "timeZone": "Europe/Berlin", "language": "de"}
KEY = {"askpro_booking_key": "1d7c0f6e-0c0b-4a63-9d0e-2f2f3a5b6c7d"}


def told(listener: Listener) -> list[dict[str, Any]]:
    return [json.loads(request["body"]) for request in listener.requests]


def last(listener: Listener) -> tuple[str, dict[str, Any]]:
    event = told(listener)[-1]
    return event["triggerEvent"], event["payload"]


def emails(payload: dict[str, Any]) -> list[str]:
    return [person["email"] for person in payload["attendees"]]


def act(calcom: Calcom, uid: str, verb: str, **body: Any) -> dict[str, Any]:
    answer = calcom.request("POST", f"/v2/bookings/{uid}/{verb}", json=body)
    assert answer.ok, answer.text
    return answer.json()["data"]


class TestSeats:
    @pytest.fixture(autouse=True)
    def _seats(self, sandbox: SandboxClient) -> None:
        sandbox.switch(event_type_kinds={str(COLOUR): {"seats": 2}})

    def test_one_booking_holds_all_attendees(
        self, calcom: Calcom, listener: Listener, conforms: Callable[..., None]
    ) -> None:
        first, answer = calcom.booked(), calcom.book(attendee=OTHER, metadata=KEY)

        conforms("calcom", answer)
        second = answer.json()["data"]
        assert (second["uid"], second["id"]) == (first["uid"], first["id"])
        assert second["seatUid"] != first["seatUid"]
        assert "metadata" not in second and "bookingFieldsResponses" not in second
        assert [person["metadata"] for person in second["attendees"]][1] == KEY
        trigger, payload = last(listener)
        assert (trigger, emails(payload), payload["metadata"]) == ("BOOKING_CREATED", [OURS, OTHER["email"]], KEY)

    def test_a_full_booking_takes_nobody_and_nobody_twice(
        self, calcom: Calcom, conforms: Callable[..., None], contracts: Path
    ) -> None:
        calcom.booked()
        assert calcom.book().json()["message"] == "already_signed_up_for_this_booking_error"
        calcom.booked(attendee=OTHER)
        full = calcom.book(attendee=OTHER | {"email": "dritte.person@example.org"})
        conforms("calcom", full)
        theirs = json.loads((contracts / "examples/calcom/api.error.409.seats_full.json").read_text())
        assert (full.status_code, full.json()["error"]) == (409, theirs["error"])

    def test_a_time_with_a_free_seat_is_a_slot(self, calcom: Calcom) -> None:
        def is_free() -> bool:
            return "13:00" in calcom.slots(COLOUR, THURSDAY[:10], THURSDAY[:10]).text

        calcom.booked()
        assert is_free()
        calcom.booked(attendee=OTHER)
        assert not is_free()

    def test_a_seat_given_back_names_the_whole_booking_and_that_attendee_only(
        self, calcom: Calcom, listener: Listener, conforms: Callable[..., None]
    ) -> None:
        uid, seat = calcom.booked()["uid"], calcom.booked(attendee=OTHER)["seatUid"]

        answer = calcom.request("POST", f"/v2/bookings/{uid}/cancel", json={"seatUid": seat})

        conforms("calcom", answer)
        assert answer.json()["data"]["status"] == "accepted"
        trigger, payload = last(listener)
        assert (trigger, payload["uid"], payload["status"]) == ("BOOKING_CANCELLED", uid, "CANCELLED")
        assert (emails(payload), payload["attendeeSeatId"], payload["seatsPerTimeSlot"]) == ([OTHER["email"]], seat, 2)
        assert "metadata" not in payload

    def test_the_last_seat_given_back_cancels_and_a_new_one_revives_the_uid(self, calcom: Calcom) -> None:
        first = calcom.booked()
        assert act(calcom, first["uid"], "cancel", seatUid=first["seatUid"])["status"] == "cancelled"

        revived = calcom.booked(attendee=OTHER)

        assert (revived["uid"], revived["status"]) == (first["uid"], "accepted")
        assert emails(revived) == [OTHER["email"]]

    def test_a_hosts_move_keeps_the_uid(self, calcom: Calcom, listener: Listener) -> None:
        uid = calcom.booked()["uid"]
        calcom.booked(attendee=OTHER)

        act(calcom, uid, "reschedule", start=FRIDAY)

        trigger, payload = last(listener)
        assert trigger == "BOOKING_RESCHEDULED"
        assert payload["uid"] == payload["rescheduleUid"] == uid
        assert (payload["startTime"], payload["rescheduleStartTime"]) == (FRIDAY, THURSDAY)
        assert calcom.request("GET", f"/v2/bookings/{uid}").json()["data"]["start"] == "2026-12-04T09:30:00.000Z"

    def test_an_attendees_move_takes_that_one_to_another_uid(self, calcom: Calcom, listener: Listener) -> None:
        uid, seat = calcom.booked()["uid"], calcom.booked(attendee=OTHER)["seatUid"]

        moved = act(calcom, uid, "reschedule", start=FRIDAY, seatUid=seat)

        trigger, payload = last(listener)
        assert (trigger, payload["rescheduleUid"], payload["uid"]) == ("BOOKING_RESCHEDULED", uid, moved["uid"])
        assert moved["uid"] != uid and emails(payload) == [OTHER["email"]]
        assert emails(calcom.request("GET", f"/v2/bookings/{uid}").json()["data"]) == [OURS]


def test_a_recurring_type_answers_an_array_and_tells_of_each(
    calcom: Calcom, sandbox: SandboxClient, listener: Listener, conforms: Callable[..., None]
) -> None:
    sandbox.switch(event_type_kinds={str(COLOUR): {"occurrences": 3}})

    answer = calcom.book()

    conforms("calcom", answer)
    made = answer.json()["data"]
    assert [entry["start"][:10] for entry in made] == ["2026-12-03", "2026-12-10", "2026-12-17"]
    assert len({entry["recurringBookingUid"] for entry in made}) == 1
    assert [event["payload"]["metadata"] for event in told(listener)] == [booking()["metadata"]] * 3


def test_a_hosts_word_comes_without_our_metadata(calcom: Calcom, sandbox: SandboxClient, listener: Listener) -> None:
    sandbox.switch(event_type_kinds={str(FIRST_TALK): {"confirmation": True}})
    made = calcom.booked(FIRST_TALK)
    assert (made["status"], last(listener)[0]) == ("pending", "BOOKING_REQUESTED")
    assert last(listener)[1]["metadata"] == booking()["metadata"]

    act(calcom, made["uid"], "confirm")

    assert (last(listener)[0], last(listener)[1]["metadata"]) == ("BOOKING_CREATED", {})


def test_a_move_that_needs_the_hosts_word_is_a_request_that_names_no_old_booking(
    calcom: Calcom, sandbox: SandboxClient, listener: Listener
) -> None:
    sandbox.switch(event_type_kinds={str(FIRST_TALK): {"confirmation": True}})
    old = calcom.booked(FIRST_TALK)["uid"]
    act(calcom, old, "confirm")

    new = act(calcom, old, "reschedule", start=FRIDAY)

    trigger, payload = last(listener)
    assert (trigger, payload["uid"], payload["metadata"]) == ("BOOKING_REQUESTED", new["uid"], booking()["metadata"])
    assert new["uid"] != old and "rescheduleUid" not in payload
    assert new["rescheduledFromUid"] == old, "the API tells it all the same"


def test_a_paid_type_waits_for_the_payment(calcom: Calcom, sandbox: SandboxClient, listener: Listener) -> None:
    sandbox.switch(event_type_kinds={str(FIRST_TALK): {"price": 3900}})
    made = calcom.booked(FIRST_TALK)
    assert made["status"] == "pending"
    assert (last(listener)[0], last(listener)[1]["price"]) == ("BOOKING_PAYMENT_INITIATED", 3900)

    assert sandbox.pay(made["uid"])["status"] == "accepted"

    assert [event["triggerEvent"] for event in told(listener)][1:] == ["BOOKING_CREATED", "BOOKING_PAID"]
    with pytest.raises(SandboxRefused):
        sandbox.pay(made["uid"])


def test_a_host_who_asks_for_another_time_cancels_and_says_so(
    calcom: Calcom, sandbox: SandboxClient, listener: Listener
) -> None:
    uid = calcom.booked()["uid"]
    sandbox.request_reschedule(uid)
    trigger, payload = last(listener)
    assert (trigger, payload["uid"], payload["requestReschedule"]) == ("BOOKING_CANCELLED", uid, True)
    assert calcom.request("GET", f"/v2/bookings/{uid}").json()["data"]["status"] == "cancelled"


def test_another_host_keeps_the_uid(calcom: Calcom, listener: Listener) -> None:
    made = calcom.booked(HAIRCUT)

    assert act(calcom, made["uid"], "reassign/20818")["reassignedTo"]["id"] == 20818

    trigger, payload = last(listener)
    assert (trigger, payload["uid"], payload["organizer"]["id"]) == ("BOOKING_REASSIGNED", made["uid"], 20818)
    assert (payload["addedHostUserIds"], payload["removedHostUserIds"]) == ([20818], [20817])
    assert calcom.booked(HAIRCUT)["hosts"][0]["id"] == 20817, "the first one is free again"


def test_it_books_with_the_hosts_that_were_asked_for(calcom: Calcom) -> None:
    made = calcom.booked(HAIRCUT, rrHostSubsetIds=[20818])
    assert made["hosts"][0]["id"] == 20818
    assert calcom.book(HAIRCUT, rrHostSubsetIds=[20818]).status_code == 400
    only = calcom.slots(HAIRCUT, THURSDAY[:10], THURSDAY[:10], rrHostSubsetIds="20818")
    assert "13:00" not in only.text and "13:00" in calcom.slots(HAIRCUT, THURSDAY[:10], THURSDAY[:10]).text


def test_no_shows_are_told_of_attendees_guests_among_them(
    calcom: Calcom, sandbox: SandboxClient, listener: Listener, contracts: Path, conforms: Callable[..., None]
) -> None:
    made = calcom.booked(guests=["gast@example.org"])
    assert emails(made) == [OURS, "gast@example.org"]
    early = calcom.request("POST", f"/v2/bookings/{made['uid']}/mark-absent", json={"host": True})
    assert early.status_code == 400
    sandbox.set_calcom_clock(CLOCK.replace(day=4))

    absent = [{"email": "gast@example.org", "absent": True}]
    answer = calcom.request("POST", f"/v2/bookings/{made['uid']}/mark-absent", json={"attendees": absent})

    conforms("calcom", answer)
    assert [person["absent"] for person in answer.json()["data"]["attendees"]] == [False, True]
    trigger, payload = last(listener)
    theirs = json.loads((contracts / "examples/calcom/BOOKING_NO_SHOW_UPDATED.json").read_text())["payload"]
    assert trigger == "BOOKING_NO_SHOW_UPDATED" and payload.keys() == theirs.keys()
    assert payload["attendees"] == [{"email": "gast@example.org", "noShow": True}]


def test_a_hidden_address_is_replaced_by_the_number(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.switch(event_type_kinds={str(COLOUR): {"hides_email": True}})
    assert emails(calcom.booked()) == ["4915550100123@sms.cal.com"]
    assert calcom.listed(attendeeEmail=OURS).json()["data"] == []


def test_required_fields_have_to_be_filled(
    calcom: Calcom, sandbox: SandboxClient, conforms: Callable[..., None]
) -> None:
    fields = [
        {"slug": "kasse", "type": "select", "options": ["gesetzlich", "privat"], "required": True},
        {"slug": "alter", "type": "number", "required": False},
    ]
    sandbox.switch(event_type_kinds={str(COLOUR): {"fields": fields, "phone_required": True}})

    def refusal(responses: dict[str, Any]) -> str:
        answer = calcom.book(bookingFieldsResponses=responses)
        return "" if answer.status_code == 201 else answer.json()["error"]["message"]

    assert refusal({}).startswith("Missing required booking field response: kasse")
    assert refusal({"kasse": "beides"}) and refusal({"kasse": "privat", "alter": "zwölf"})
    no_phone = calcom.book(attendee=OTHER, bookingFieldsResponses={"kasse": "privat"})
    conforms("calcom", no_phone)
    assert no_phone.json()["error"]["message"].startswith("Missing attendee phone number")
    assert not refusal({"kasse": "privat", "alter": 12})


def test_the_callers_words_reach_the_host(calcom: Calcom, listener: Listener) -> None:
    made = calcom.booked(bookingFieldsResponses={"notes": "Bitte klingeln."})
    assert (made["description"], made["bookingFieldsResponses"]["notes"]) == ("Bitte klingeln.", "Bitte klingeln.")
    payload = last(listener)[1]
    assert (payload["additionalNotes"], payload["responses"]["notes"]["value"]) == (
        "Bitte klingeln.",
        "Bitte klingeln.",
    )


def test_event_types_tell_what_they_are(calcom: Calcom, sandbox: SandboxClient, conforms: Callable[..., None]) -> None:
    text = {"slug": "kasse", "type": "text", "label": "Kasse", "required": True, "placeholder": "", "hidden": False}
    sandbox.switch(
        event_type_kinds={
            str(HAIRCUT): {"seats": 6},
            str(COLOUR): {"occurrences": 4},
            str(BEARD): {"price": 1900, "confirmation": True},
            str(FIRST_TALK): {"fields": [text], "hides_email": True},
        }
    )
    answer = calcom.request("GET", "/v2/event-types", headers={"cal-api-version": "2024-06-14"})
    conforms("calcom", answer)
    haircut, colour, beard, talk = answer.json()["data"]
    assert haircut["seats"]["seatsPerTimeSlot"] == 6
    assert colour["recurrence"] == {"interval": 1, "occurrences": 4, "frequency": "weekly"}
    assert (beard["price"], beard["confirmationPolicy"]["type"]) == (1900, "always")
    slugs = {field["slug"]: field for field in talk["bookingFields"]}
    assert slugs["kasse"]["required"] and slugs["email"]["hidden"] and slugs["attendeePhoneNumber"]["required"]


@pytest.mark.parametrize(
    ("shape", "where"), [("usual", "beside the trigger"), ("nested", "payload"), ("flat", "payload"), ("form", "form")]
)
def test_the_end_of_a_meeting_comes_in_every_shape(
    calcom: Calcom, sandbox: SandboxClient, listener: Listener, contracts: Path, shape: str, where: str
) -> None:
    uid = calcom.booked()["uid"]
    sandbox.switch(webhook_shape=shape)
    sandbox.end_meeting(uid)

    body = listener.requests[-1]["body"]
    event = dict(parse_qsl(body.decode())) if where == "form" else json.loads(body)
    assert event["triggerEvent"] == "MEETING_ENDED"
    if where == "beside the trigger":
        theirs = json.loads((contracts / "examples/calcom/MEETING_ENDED.json").read_text())
        assert event.keys() == theirs.keys()
        assert event["attendees"][0].keys() == theirs["attendees"][0].keys()
    if where == "payload" and shape == "nested":
        assert (event["payload"]["uid"], event["createdAt"]) == (uid, "2026-12-03T14:30:00.000Z")


@pytest.mark.parametrize("paid", [False, True])
def test_its_payment_payloads_have_the_fields_of_the_contracts_examples(
    calcom: Calcom, sandbox: SandboxClient, listener: Listener, contracts: Path, paid: bool
) -> None:
    sandbox.switch(event_type_kinds={str(FIRST_TALK): {"price": 3900}})
    uid = calcom.booked(FIRST_TALK)["uid"]
    if paid:
        sandbox.pay(uid)
    name = "BOOKING_PAID" if paid else "BOOKING_PAYMENT_INITIATED"
    theirs = json.loads((contracts / f"examples/calcom/{name}.json").read_text())["payload"]
    payload = last(listener)[1]
    assert payload.keys() == theirs.keys()
    assert payload["metadata"].keys() == theirs["metadata"].keys()


def test_totals_count_what_the_time_of_change_leaves_out(calcom: Calcom) -> None:
    for day in (2, 3, 4):
        calcom.booked(BEARD, f"2026-12-0{day}T09:00:00Z")
    page = calcom.listed(afterUpdatedAt="2026-12-05T00:00:00Z", take=2).json()
    assert page["data"] == []
    assert (page["pagination"]["totalItems"], page["pagination"]["hasNextPage"]) == (3, True)
    assert calcom.listed(eventTypeIds=COLOUR).json()["pagination"]["totalItems"] == 0


@pytest.mark.parametrize(
    "kind", [{"seat": 6}, {"seats": "6"}, {"fields": [{"type": "text"}]}, ["seats"], {"confirmation": 1}]
)
def test_a_kind_that_is_none_is_refused(sandbox: SandboxClient, kind: Any) -> None:
    with pytest.raises(SandboxRefused):
        sandbox.switch(event_type_kinds={"4711": kind})


class TestTeams:
    @pytest.fixture(autouse=True)
    def _teams(self, sandbox: SandboxClient) -> None:
        sandbox.switch(event_type_kinds={str(HAIRCUT): {"team": "roundRobin"}, str(BEARD): {"team": "managed"}})

    def _read(self, calcom: Calcom, path: str) -> Any:
        answer = calcom.request("GET", path, headers={"cal-api-version": "2024-06-14"})
        assert answer.ok, answer.text
        return answer.json()["data"]

    def test_their_event_types_are_the_teams_and_not_the_users(self, calcom: Calcom) -> None:
        salon, _ = self._read(calcom, "/v2/teams")
        assert salon["name"] == "Salon Käthe Grün"
        listed = self._read(calcom, f"/v2/teams/{salon['id']}/event-types")
        assert {each["id"]: each["schedulingType"] for each in listed} == {HAIRCUT: "roundRobin", BEARD: "managed"}
        assert [host["userId"] for host in listed[0]["hosts"]] == [20817, 20818]
        assert {each["id"] for each in self._read(calcom, "/v2/event-types")} == {COLOUR, FIRST_TALK}
        assert self._read(calcom, f"/v2/event-types/{HAIRCUT}") == listed[0]
        assert calcom.request("GET", "/v2/teams/1/event-types").status_code == 404

    def test_a_team_is_booked_and_a_template_is_not(self, calcom: Calcom) -> None:
        assert calcom.book(HAIRCUT).status_code == 201
        refused = calcom.book(BEARD)
        assert refused.status_code == 400
        assert "is the parent managed event type that can't be booked" in refused.json()["error"]["message"]

    def test_there_is_no_other_kind(self, sandbox: SandboxClient) -> None:
        with pytest.raises(SandboxRefused, match="team is roundRobin or managed"):
            sandbox.switch(event_type_kinds={str(HAIRCUT): {"team": "collective"}})
