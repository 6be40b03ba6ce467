"""Events about attendees: those about others never change our customer, those about ours count."""

from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from appointments.models import Appointment, CalcomUid, FollowUp
from appointments.tasks import create_appointment_from_call
from calls.models import BookingRequest
from notifications.models import Notification
from tests.appointments.calcom_stub import CalcomStub
from tests.appointments.news import receive
from tests.appointments.salon import EVENT_TYPE, HOST, NOW, WISH, wished

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

UID = "UIDofOURbooking0000001"
NEW = "UIDofTHEIRnewSeat00001"
LATER = WISH + timedelta(days=3)
OURS = {"email": "kunde-7-0123456789@kunden.askpro.example", "name": "Testa Muster"}
OTHER = {"email": "andere.person@example.org", "name": "Andere Person"}
SEATS = {"seatsPerTimeSlot": 6}


def written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def event(trigger: str, minute: int, attendees: list[dict[str, Any]], **payload: Any) -> dict[str, Any]:
    booking = {
        "uid": UID,
        "bookingId": 903311,
        "eventTypeId": EVENT_TYPE,
        "startTime": written(WISH),
        "endTime": written(WISH + timedelta(minutes=45)),
        "organizer": {"id": HOST, "name": "Mara Buche"},
        "attendees": attendees,
    }
    at = written(NOW + timedelta(minutes=minute))
    return {"triggerEvent": trigger, "createdAt": at, "payload": booking | payload}


def created(wish: BookingRequest, minute: int = 0, **payload: Any) -> dict[str, Any]:
    metadata = {"askpro_booking_key": str(wish.booking_key)}
    return event("BOOKING_CREATED", minute, [OURS], metadata=metadata, **payload)


def reserved(wish: BookingRequest) -> Appointment:
    return Appointment.objects.create(
        company=wish.company,
        branch=wish.where,
        customer=wish.who,
        call=wish.call,
        service=wish.service,
        booking_request=wish,
        booking_key=wish.booking_key,
        starts_at=WISH,
        ends_at=WISH + timedelta(minutes=45),
        calcom_email=OURS["email"],
        attendee_phone="+4915550100456",
    )


def state(appointment: Appointment) -> tuple[str, datetime, int]:
    appointment.refresh_from_db()
    return appointment.status, appointment.starts_at, appointment.version


def told(appointment: Appointment) -> list[str]:
    rows = Notification.objects.filter(appointment=appointment, channel="sms").order_by("id")
    return list(rows.values_list("kind", flat=True))


def of(trigger: str, whose: list[dict[str, Any]], setting: dict[str, Any]) -> dict[str, Any]:
    """What Cal.com sends when these attendees cancel, move, or do not come."""
    seat = {"attendeeSeatId": "seat-2"} if setting else {}
    if trigger == "BOOKING_NO_SHOW_UPDATED":
        named = [{"email": person["email"], "noShow": True} for person in whose]
        at = written(WISH + timedelta(hours=1))
        return {"triggerEvent": trigger, "createdAt": at, "payload": {"bookingUid": UID, "attendees": named}}
    if trigger == "BOOKING_RESCHEDULED":
        moved = {"startTime": written(LATER), "endTime": written(LATER + timedelta(minutes=45))}
        return event(trigger, 10, whose, uid=NEW, rescheduleUid=UID, **moved, **setting)
    return event(trigger, 10, whose, status="CANCELLED", **setting, **seat)


TRIGGERS = ("BOOKING_CANCELLED", "BOOKING_REJECTED", "BOOKING_RESCHEDULED", "BOOKING_NO_SHOW_UPDATED")
SETTINGS: dict[str, dict[str, Any]] = {"seats": SEATS, "no mark of seats": {}}
DONE = {"BOOKING_CANCELLED": "cancelled", "BOOKING_REJECTED": "cancelled", "BOOKING_NO_SHOW_UPDATED": "no_show"}


def may_be_first(trigger: str, setting: str) -> bool:
    """A no-show of an unknown booking has no subject; without seats a move before the booking says who moved."""
    return trigger != "BOOKING_NO_SHOW_UPDATED" and (trigger != "BOOKING_RESCHEDULED" or setting == "seats")


ORDERS = [
    (trigger, setting, first)
    for trigger, setting, first in product(TRIGGERS, SETTINGS, (False, True))
    if not first or may_be_first(trigger, setting)
]


@pytest.mark.parametrize(("trigger", "setting", "first"), ORDERS)
def test_what_is_told_of_others_leaves_our_appointment(trigger: str, setting: str, first: bool) -> None:
    wish = wished()
    appointment = reserved(wish)
    theirs = of(trigger, [OTHER], SETTINGS[setting])
    bodies = [theirs, created(wish)] if first else [created(wish), theirs]
    for body in [*bodies, *bodies]:
        assert receive(body).status == "processed"
    assert state(appointment) == ("confirmed", WISH, 1)
    assert told(appointment) == ["confirmation"]


@pytest.mark.parametrize("guests", [False, True])
@pytest.mark.parametrize(("trigger", "setting", "first"), [order for order in ORDERS if not order[2]])
def test_what_is_told_of_ours_counts(trigger: str, setting: str, first: bool, guests: bool) -> None:
    wish = wished()
    appointment = reserved(wish)
    whose = [OURS, OTHER] if guests else [OURS]
    for body in (created(wish), of(trigger, whose, SETTINGS[setting])) * 2:
        assert receive(body).status == "processed"
    if trigger == "BOOKING_RESCHEDULED":
        assert state(appointment) == ("confirmed", LATER, 2)
    else:
        assert state(appointment)[0] == DONE[trigger]


def test_a_guest_who_does_not_come_is_not_our_customer() -> None:
    wish = wished()
    appointment = reserved(wish)
    receive(created(wish))
    body = of("BOOKING_NO_SHOW_UPDATED", [OURS, OTHER], {})
    body["payload"]["attendees"] = [OURS | {"noShow": False}, OTHER | {"noShow": True}]
    receive(body)
    assert appointment.pk and state(appointment)[0] == "completed"


@pytest.mark.parametrize(
    "address",
    [OURS["email"].upper(), "4915550100456@sms.cal.com", "+4915550100456@sms.cal.com"],
    ids=["in capitals", "made of the number", "with a plus"],
)
def test_ours_is_known_by_whatever_cal_com_makes_of_the_address(address: str) -> None:
    wish = wished()
    appointment = reserved(wish)
    receive(created(wish))
    receive(event("BOOKING_CANCELLED", 10, [{"email": address, "name": "Testa"}], **SEATS))
    assert state(appointment)[0] == "cancelled"


def test_ours_is_known_by_the_number_alone() -> None:
    wish = wished()
    appointment = reserved(wish)
    receive(created(wish))
    receive(event("BOOKING_CANCELLED", 10, [{"email": "neu@example.org", "phoneNumber": "+4915550100456"}], **SEATS))
    assert state(appointment)[0] == "cancelled"


def test_a_host_who_moves_a_booking_with_seats_moves_ours() -> None:
    wish = wished()
    appointment = reserved(wish)
    receive(created(wish, **SEATS))
    moved = {"startTime": written(LATER), "endTime": written(LATER + timedelta(minutes=45))}
    receive(event("BOOKING_RESCHEDULED", 10, [OURS, OTHER], rescheduleUid=UID, **moved, **SEATS))
    assert state(appointment) == ("confirmed", LATER, 2)
    assert CalcomUid.objects.get(uid=UID).replaced_by == ""
    receive(event("BOOKING_CANCELLED", 20, [OTHER], **SEATS))
    assert state(appointment)[0] == "confirmed", "the uid is still ours after it"


def test_a_person_looks_where_a_plain_booking_names_somebody_else() -> None:
    wish = wished()
    reserved(wish)
    receive(created(wish))
    receive(of("BOOKING_CANCELLED", [OTHER], {}))
    assert (FollowUp.objects.get().reason, FollowUp.objects.get().detail) == ("mismatch", "other_attendee")


def test_a_booking_made_at_cal_com_stands_until_it_ends_as_a_whole() -> None:
    wished()
    stranger = {"email": "mia.koch@example.org", "name": "Mia Koch"}
    receive(event("BOOKING_CREATED", 0, [stranger, OTHER], **SEATS))
    receive(of("BOOKING_CANCELLED", [stranger], SEATS))
    assert Appointment.objects.get().status == "confirmed"
    receive(event("BOOKING_CANCELLED", 30, [stranger, OTHER], **SEATS))
    assert Appointment.objects.get().status == "cancelled"


WORDS = st.lists(
    st.tuples(st.sampled_from(["taken", "given back"]), st.sampled_from(["ours", "other", "both"])),
    min_size=1,
    max_size=5,
)


CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@hypothesis_settings(max_examples=6, deadline=None, suppress_health_check=CHECKS)
@given(words=WORDS, data=st.data())
def test_the_newest_word_on_our_seat_counts_whatever_the_order(words: list[tuple[str, str]], data: Any) -> None:
    """Six stories in CI, 150 with --long."""
    newest_word_counts(words, data)


@pytest.mark.long
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=CHECKS)
@given(words=WORDS, data=st.data())
def test_the_newest_word_counts_in_all_stories(words: list[tuple[str, str]], data: Any) -> None:
    newest_word_counts(words, data)


def newest_word_counts(words: list[tuple[str, str]], data: Any) -> None:
    """Oracle: the newest of the events that name our attendee; the booking itself is the first of them."""
    people = {"ours": [OURS], "other": [OTHER], "both": [OURS, OTHER]}
    triggers = {"taken": "BOOKING_CREATED", "given back": "BOOKING_CANCELLED"}
    order = data.draw(st.permutations(range(len(words) + 1)))
    with transaction.atomic():
        wish = wished()
        appointment = reserved(wish)
        bodies = [created(wish, **SEATS)]
        bodies += [event(triggers[what], 10 * n, people[who], **SEATS) for n, (what, who) in enumerate(words, start=1)]
        for body in [*(bodies[place] for place in order), *bodies]:
            receive(body)
        status = state(appointment)[0]
        transaction.set_rollback(True)
    about_us = [what for what, who in words if who != "other"]
    assert status == ("cancelled" if about_us and about_us[-1] == "given back" else "confirmed")


class TestHostsWord:
    """Event types that need the host's approval: the newest booking with our key counts."""

    def request(self, wish: BookingRequest, uid: str, start: datetime, minute: int) -> dict[str, Any]:
        body = created(wish, minute, uid=uid, startTime=written(start), endTime=written(start + timedelta(minutes=45)))
        return body | {"triggerEvent": "BOOKING_REQUESTED"}

    def yes(self, uid: str, start: datetime, minute: int) -> dict[str, Any]:
        end = start + timedelta(minutes=45)
        times = {"startTime": written(start), "endTime": written(end)}
        return event(
            "BOOKING_CREATED", minute, [OURS], uid=uid, metadata={"videoCallUrl": "https://x.example"}, **times
        )

    def test_a_move_is_followed_to_its_new_uid_until_the_word_comes(self) -> None:
        wish = wished()
        appointment = reserved(wish)
        receive(self.request(wish, UID, WISH, 0))
        receive(self.yes(UID, WISH, 10))
        receive(self.request(wish, NEW, LATER, 20))
        assert state(appointment)[:2] == ("requested", LATER)
        assert CalcomUid.objects.get(uid=NEW).surplus_since is None, "it is no second booking"
        receive(self.yes(NEW, LATER, 30))
        assert state(appointment)[:2] == ("confirmed", LATER)
        assert told(appointment) == ["requested", "confirmation", "requested", "rescheduled"]
        assert not FollowUp.objects.exists()

    def test_a_no_to_a_move_is_told_and_taken_up_by_a_person(self) -> None:
        wish = wished()
        appointment = reserved(wish)
        receive(self.request(wish, UID, WISH, 0))
        receive(self.yes(UID, WISH, 10))
        receive(self.request(wish, NEW, LATER, 20))
        receive(event("BOOKING_REJECTED", 30, [OURS], uid=NEW, startTime=written(LATER), rejectionReason="voll"))
        assert state(appointment)[0] == "requested", "it has no end: unreadable"
        end = written(LATER + timedelta(minutes=45))
        receive(event("BOOKING_REJECTED", 30, [OURS], uid=NEW, startTime=written(LATER), endTime=end))
        assert state(appointment)[0] == "cancelled"
        assert told(appointment)[-1] == "cancellation"
        assert (FollowUp.objects.get().reason, FollowUp.objects.get().detail) == ("refused", "move_rejected")

    def test_the_word_may_come_before_anything_that_bears_our_key(self) -> None:
        wish = wished()
        appointment = reserved(wish)
        receive(self.yes(UID, WISH, 10))
        receive(self.request(wish, UID, WISH, 0))
        assert Appointment.objects.get() == appointment
        assert state(appointment)[:2] == ("confirmed", WISH)
        assert told(appointment) == ["confirmation"]

    def test_the_same_wish_made_twice_is_no_move(self) -> None:
        wish = wished()
        appointment = reserved(wish)
        receive(self.request(wish, UID, WISH, 0))
        receive(self.request(wish, NEW, WISH, 1))
        appointment.refresh_from_db()
        assert appointment.calcom_uid == UID
        assert CalcomUid.objects.get(uid=NEW).surplus_since is not None


class TestOtherTime:
    """The host cancels and asks for another time: Cal.com's mail does not reach a customer who booked by phone."""

    def asked(self) -> dict[str, Any]:
        reason = "Please choose another time"
        return event("BOOKING_CANCELLED", 10, [OURS], requestReschedule=True, cancellationReason=reason)

    @pytest.mark.parametrize("known_before", [False, True], ids=["webhook first", "the sync was first"])
    def test_it_cancels_and_a_person_agrees_another_time_once(self, known_before: bool) -> None:
        wish = wished()
        appointment = reserved(wish)
        receive(created(wish))
        if known_before:
            receive(event("BOOKING_CANCELLED", 10, [OURS]))
        receive(self.asked())
        FollowUp.objects.get().resolve(None)
        receive(self.asked())
        assert state(appointment)[0] == "cancelled"
        assert told(appointment) == ["confirmation", "cancellation"]
        assert (FollowUp.objects.get().reason, FollowUp.objects.get().detail) == ("other_time", "host_wants_other_time")

    def test_a_stranger_gets_the_mail_himself(self) -> None:
        wished()
        receive(event("BOOKING_CREATED", 0, [OTHER]))
        receive(event("BOOKING_CANCELLED", 10, [OTHER], requestReschedule=True))
        assert not FollowUp.objects.exists()


def test_a_booking_of_ours_is_compared_by_the_address_that_was_sent(calendar: CalcomStub) -> None:
    wish = wished()
    create_appointment_from_call(call_id=wish.call_id)
    uid = calendar.bookings[0]["uid"]
    receive(event("BOOKING_CANCELLED", 10, [OTHER], uid=uid, **SEATS))
    assert Appointment.objects.get().status == "confirmed"
    receive(event("BOOKING_CANCELLED", 20, calendar.bookings[0]["attendees"], uid=uid, **SEATS))
    assert Appointment.objects.get().status == "cancelled"
