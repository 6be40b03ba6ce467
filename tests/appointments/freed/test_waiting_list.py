"""The waiting list's ends: a freed time, a person, or its last day."""

from datetime import date, timedelta
from typing import Any

import pytest

from appointments.freed import due
from appointments.models import FollowUp, WaitingEntry
from askpro.queues.testing import run_jobs
from notifications.models import Notification
from tests.appointments.freed.scene import YES, Scene, phone_of
from tests.appointments.salon import NOW

pytestmark = pytest.mark.django_db

LAST = date(2026, 12, 1)
# Midnight in Berlin after the last day.
OVER = NOW.replace(day=1, month=12, hour=23, minute=0)


def test_a_booked_time_takes_its_customer_off_the_list(scene: Scene) -> None:
    entry = scene.enters(1)
    scene.cancels()
    run_jobs()
    assert scene.says(1, YES)
    run_jobs()
    entry.refresh_from_db()
    assert entry.state == "served"
    booked = entry.customer.appointments.get()
    assert booked.attendee_name == entry.customer.name


def test_a_person_calls_who_has_waited_in_vain(scene: Scene, clock: Any) -> None:
    scene.company.notification_email = "team@salon-birke.example.org"
    scene.company.save()
    entry = scene.enters(1, last_day=LAST)
    clock.move_to(OVER - timedelta(seconds=1))
    due.expire_entries()
    entry.refresh_from_db()
    assert entry.state == "waiting"
    clock.move_to(OVER)
    due.expire_entries()
    due.expire_entries()
    entry.refresh_from_db()
    assert entry.state == "expired"
    follow_up = FollowUp.objects.get()
    assert (follow_up.reason, follow_up.customer) == ("callback", entry.customer)
    assert follow_up.told("de") == "Auf der Warteliste für Haarschnitt bis 01.12.2026: Es wurde keine Zeit frei."
    assert Notification.objects.get().kind == "staff"


def test_nobody_is_asked_twice_where_a_follow_up_is_still_open(scene: Scene, clock: Any) -> None:
    follow_up = scene.waits(1)
    entry = scene.enters(1, customer=follow_up.customer, follow_up=follow_up, last_day=LAST)
    clock.move_to(OVER)
    due.expire_entries()
    entry.refresh_from_db()
    assert entry.state == "expired"
    assert FollowUp.objects.get() == follow_up


def test_an_entry_with_an_offer_waits_for_its_answer(scene: Scene, clock: Any) -> None:
    entry = scene.enters(1)
    scene.cancels()
    run_jobs()
    WaitingEntry.objects.update(last_day=LAST)
    clock.move_to(OVER)
    due.expire_entries()
    entry.refresh_from_db()
    assert entry.state == "waiting"
    assert scene.offers() == [(phone_of(1), "open")]
