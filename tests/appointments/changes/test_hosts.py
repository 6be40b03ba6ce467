"""Who holds an appointment: the customer is told of every change after the confirmation, staff of an unmet wish."""

from typing import Any

import pytest

from appointments.calcom.booking import Status
from appointments.models import Appointment, FollowUp
from appointments.tasks import create_appointment_from_call
from calls.models import BookingRequest, Staff
from notifications.models import Notification
from notifications.text import texts
from tests.appointments.calcom_stub import CalcomStub, webhook
from tests.appointments.news import LATER, hear, minute, ours, receive, told_of
from tests.appointments.salon import HOST, WISH, staff, wished

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

OTHER_HOST, STRANGER = 311, 399


def host(id_: int, name: str = "Jemand") -> dict[str, Any]:
    return {"hosts": [{"id": id_, "name": name, "email": f"host{id_}@example.org"}]}


def wish_for(name: str | None) -> BookingRequest:
    wish = wished()
    staff(wish.where, OTHER_HOST, name="Ömer Yıldız", email="oemer.yildiz@example.org")
    wish.staff = Staff.objects.get(name=name) if name else None
    wish.save()
    return wish


def confirmed(wish: BookingRequest, calendar: CalcomStub, with_host: int = HOST) -> Appointment:
    calendar.before_answer = lambda booking: booking.update(host(with_host))
    create_appointment_from_call(call_id=wish.call_id)
    return Appointment.objects.get(booking_request=wish)


def sms(appointment: Appointment, kind: str) -> str:
    row = Notification.objects.filter(appointment=appointment, kind=kind, channel="sms").latest("id")
    appointment.refresh_from_db()
    return texts.sms(row, "Salon")


def kinds(appointment: Appointment) -> list[str]:
    rows = Notification.objects.filter(appointment=appointment, channel="sms").order_by("id")
    return list(rows.values_list("kind", flat=True))


def reassigned(how: str, appointment: Appointment, calendar: CalcomStub, to: int, minutes: int) -> None:
    """The host changes: Cal.com reports it with its own trigger or with the booking's, or the sync finds it."""
    booking = calendar.bookings[0]
    if how == "sync":
        booking = told_of(Status.ACCEPTED, booking["uid"], metadata=booking["metadata"], **host(to))
        hear(booking, minute(minutes))
        return
    organizer = {"id": to, "name": "Jemand", "email": f"host{to}@example.org"}
    assert receive(webhook(booking, how, f"2026-11-30T10:{minutes:02}:00.000Z", organizer=organizer)).status


HOW = ["BOOKING_REASSIGNED", "BOOKING_CREATED", "sync"]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("wished_for", ["Mara Buche", None])
def test_another_host_is_told_to_the_customer_and_to_staff_where_a_wish_was_broken(
    calendar: CalcomStub, how: str, wished_for: str | None
) -> None:
    appointment = confirmed(wish_for(wished_for), calendar)
    for minutes in (10, 11):
        reassigned(how, appointment, calendar, OTHER_HOST, minutes)
    appointment.refresh_from_db()
    assert (appointment.staff.name if appointment.staff else "", appointment.version) == ("Ömer Yıldız", 2)
    assert kinds(appointment) == ["confirmation", "staff_changed"]
    instead = " statt Mara Buche" if wished_for else ""
    assert f"bei Ömer Yildiz{instead}" in sms(appointment, "staff_changed").replace("ı", "i")
    reasons = list(FollowUp.objects.values_list("reason", "detail"))
    assert reasons == ([("unknown_staff", "other_person")] if wished_for else [])


@pytest.mark.parametrize("how", HOW)
def test_back_with_the_wished_person_nobody_has_to_ask(calendar: CalcomStub, how: str) -> None:
    appointment = confirmed(wish_for("Mara Buche"), calendar)
    reassigned(how, appointment, calendar, OTHER_HOST, 10)
    reassigned(how, appointment, calendar, HOST, 20)
    assert FollowUp.objects.get().status == "obsolete"
    assert kinds(appointment) == ["confirmation", "staff_changed", "staff_changed"]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("wished_for", ["Mara Buche", None])
def test_of_a_host_whom_we_do_not_know_a_person_tells(calendar: CalcomStub, how: str, wished_for: str | None) -> None:
    appointment = confirmed(wish_for(wished_for), calendar)
    reassigned(how, appointment, calendar, STRANGER, 10)
    appointment.refresh_from_db()
    assert appointment.staff is None, "no later message names the one who was replaced"
    assert kinds(appointment) == ["confirmation"]
    assert list(FollowUp.objects.values_list("reason", "detail")) == [("unknown_staff", "unknown_host")]


def test_a_move_to_another_host_is_one_message(calendar: CalcomStub) -> None:
    wish = wish_for("Mara Buche")
    appointment = confirmed(wish, calendar)
    old = calendar.bookings[0]["uid"]
    moved = told_of(Status.ACCEPTED, "second", LATER, rescheduledFromUid=old, **ours(wish), **host(OTHER_HOST))
    hear(moved, minute(10))
    assert kinds(appointment) == ["confirmation", "rescheduled"]
    assert "statt Mara Buche" in sms(appointment, "rescheduled")
    assert FollowUp.objects.get().reason == "unknown_staff"


def test_an_older_host_never_comes_back(calendar: CalcomStub) -> None:
    appointment = confirmed(wish_for(None), calendar)
    reassigned("BOOKING_REASSIGNED", appointment, calendar, OTHER_HOST, 10)
    reassigned("BOOKING_CREATED", appointment, calendar, HOST, 5)
    appointment.refresh_from_db()
    assert appointment.staff is not None and appointment.staff.calcom_user_id == OTHER_HOST


@pytest.mark.parametrize("gone", [{"id": "unknown", "name": "unknown", "email": "unknown"}, {}])
def test_a_host_whom_cal_com_does_not_name_changes_nothing(calendar: CalcomStub, gone: dict[str, Any]) -> None:
    appointment = confirmed(wish_for(None), calendar)
    booking = calendar.bookings[0]
    hear(told_of(Status.ACCEPTED, booking["uid"], metadata=booking["metadata"], hosts=[gone]), minute(10))
    appointment.refresh_from_db()
    assert (appointment.staff is not None, kinds(appointment)) == (True, ["confirmation"])


@pytest.mark.parametrize(
    ("wished_for", "got", "said"),
    [
        (None, HOST, "bei Mara Buche"),
        ("Mara Buche", HOST, "bei Mara Buche"),
        ("Mara Buche", OTHER_HOST, "statt Mara Buche"),
    ],
)
def test_a_message_says_whom_it_is_with_and_that_it_is_somebody_else(
    calendar: CalcomStub, wished_for: str | None, got: int, said: str
) -> None:
    appointment = confirmed(wish_for(wished_for), calendar, got)
    assert appointment.starts_at == WISH
    text = sms(appointment, "confirmation")
    assert said in text
    assert ("statt" in text) is ("statt" in said)


def test_that_a_wish_was_not_met_is_never_dropped_for_the_sake_of_one_sms(calendar: CalcomStub) -> None:
    wish = wish_for("Mara Buche")
    wish.where.street, wish.where.phone = "Straße der langen Namen 123, Hinterhaus, Aufgang C" * 2, "+493023125100"
    wish.where.save()
    wish.company.name = "Salon Birke mit einem wirklich sehr langen Namen"
    wish.company.save()
    appointment = confirmed(wish, calendar, OTHER_HOST)
    assert "statt Mara Buche" in sms(appointment, "confirmation")
