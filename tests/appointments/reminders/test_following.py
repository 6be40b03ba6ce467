"""Reminders follow what Cal.com says, in whatever order it is heard."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from appointments.calcom.booking import Booking, Status
from appointments.models import Appointment, Reminder
from appointments.reminders import due
from notifications.models import Notification
from tests.appointments.news import LATER, hear, minute, reserved, told_of
from tests.appointments.salon import WISH, wished

DAY = timedelta(days=1)


@pytest.fixture
def held(db: None, clock: Any) -> Appointment:
    return reserved(wished())


def booked(of: Appointment, **values: Any) -> Booking:
    return told_of(Status.ACCEPTED, metadata={"askpro_booking_key": str(of.booking_key)}, **values)


def due_rows() -> set[tuple[str, datetime]]:
    return set(Reminder.objects.filter(state="due").values_list("kind", "due_at"))


def test_the_booking_plans_them_and_a_request_does_not(held: Appointment) -> None:
    hear(told_of(Status.PENDING, metadata={"askpro_booking_key": str(held.booking_key)}), minute(1))
    assert due_rows() == set()
    hear(booked(held), minute(2))
    assert due_rows() == {("reminder", WISH - DAY), ("last_reminder", WISH - timedelta(hours=2))}


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_scenario_04_the_reminder_follows_the_new_time(held: Appointment, clock: Any, order: tuple[int, ...]) -> None:
    key = {"askpro_booking_key": str(held.booking_key)}
    news = [
        (booked(held), minute(1)),
        (told_of(Status.ACCEPTED, "second", LATER, rescheduledFromUid="first", metadata=key), minute(2)),
        (told_of(Status.CANCELLED, rescheduledToUid="second", metadata=key), minute(2)),
    ]
    for index in order:
        hear(*news[index])
    assert due_rows() == {("reminder", LATER - DAY), ("last_reminder", LATER - timedelta(hours=2))}
    reminders = Notification.objects.filter(kind__in=Notification.REMINDERS)
    for at, sent in ((WISH - timedelta(hours=2), 0), (LATER - DAY, 1), (LATER - timedelta(hours=2), 2)):
        clock.move_to(at)
        due.send_due(at)
        assert reminders.count() == sent


def test_none_is_sent_of_what_was_cancelled_there(held: Appointment, clock: Any) -> None:
    hear(booked(held), minute(1))
    hear(told_of(Status.CANCELLED, metadata={"askpro_booking_key": str(held.booking_key)}), minute(2))
    clock.move_to(WISH - timedelta(hours=1))
    due.send_due(WISH - timedelta(hours=1))
    assert not Notification.objects.filter(kind__in=Notification.REMINDERS).exists()


def test_a_new_time_is_not_yet_confirmed_by_the_customer(held: Appointment) -> None:
    hear(booked(held), minute(1))
    held.refresh_from_db()
    assert held.note_confirmed_by_customer() and not held.note_confirmed_by_customer()
    hear(told_of(Status.ACCEPTED, "second", LATER, rescheduledFromUid="first"), minute(2))
    held.refresh_from_db()
    assert (held.starts_at, held.customer_confirmed_at) == (LATER, None)
