"""Whom a freed time would suit, in the order in which they asked."""

from datetime import date, time, timedelta
from typing import Any

import pytest

from appointments.freed.matching import candidates
from appointments.models import FollowUp, WaitingEntry
from calls.models import BookingRequest
from tests.appointments import salon
from tests.appointments.freed.scene import Scene, phone_of
from tests.appointments.salon import NOW, WISH

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def waiting(scene: Scene) -> list[str]:
    return [str(each.customer and each.customer.phone) for each in candidates(scene.freed())]


@pytest.mark.parametrize(
    ("shift", "suits"),
    [
        (timedelta(), True),
        (2 * HOUR, True),
        (-2 * HOUR, True),
        (2 * HOUR + timedelta(minutes=1), False),
        (timedelta(days=1), False),
    ],
)
def test_a_wish_within_two_hours_of_the_same_day_is_met(scene: Scene, shift: timedelta, suits: bool) -> None:
    scene.waits(1, starts_at=WISH + shift)
    scene.cancels()
    assert waiting(scene) == ([phone_of(1)] if suits else [])


def test_it_is_the_day_at_the_branch_that_counts(scene: Scene) -> None:
    late = WISH.replace(hour=22, minute=30)  # 23:30 in Berlin
    scene.appointment.starts_at, scene.appointment.ends_at = late, late + HOUR
    scene.appointment.save()
    scene.waits(1, starts_at=late + HOUR)
    scene.waits(2, starts_at=late - HOUR)
    scene.cancels(start=late)
    assert waiting(scene) == [phone_of(2)]


def test_only_the_same_service_staff_and_branch_are_met(scene: Scene) -> None:
    other_service = salon.service(scene.company, 2208, name="Farbe")
    other_staff = salon.staff(scene.branch, 311, name="Ilse Esche")
    elsewhere = salon.branch(scene.company)
    scene.waits(1, service=other_service)
    scene.waits(2, staff=other_staff)
    scene.waits(3, branch=elsewhere)
    scene.waits(4, staff=scene.staff)
    scene.enters(5, staff=other_staff)
    scene.enters(6, branch=elsewhere)
    scene.enters(7, staff=scene.staff, branch=scene.branch)
    scene.cancels()
    assert waiting(scene) == [phone_of(4), phone_of(7)]


@pytest.mark.parametrize(
    ("values", "suits"),
    [
        ({}, True),
        ({"weekdays": [4]}, True),
        ({"weekdays": [1, 2, 3, 5, 6, 7]}, False),
        ({"earliest": time(14, 0), "latest": time(14, 0)}, True),
        ({"earliest": time(14, 1)}, False),
        ({"latest": time(13, 59)}, False),
        ({"first_day": date(2026, 12, 3), "last_day": date(2026, 12, 3)}, True),
        ({"first_day": date(2026, 12, 4)}, False),
        ({"last_day": date(2026, 12, 2)}, False),
        ({"state": "ended"}, False),
    ],
)
def test_an_entry_says_which_times_suit(scene: Scene, values: dict[str, Any], suits: bool) -> None:
    scene.enters(1, **values)
    scene.cancels()
    assert waiting(scene) == ([phone_of(1)] if suits else [])


def test_who_asked_first_is_offered_it_first(scene: Scene) -> None:
    scene.waits(1)
    scene.enters(2, asked_at=NOW - HOUR)
    scene.waits(3)
    BookingRequest.objects.filter(call__from_number=phone_of(3)).update(created_at=NOW - 2 * HOUR)
    scene.cancels()
    assert waiting(scene) == [phone_of(3), phone_of(2), phone_of(1)]


def test_one_customer_is_asked_once_for_all_that_they_wait_by(scene: Scene) -> None:
    follow_up = scene.waits(1)
    entry = scene.enters(1, customer=follow_up.customer, asked_at=NOW - HOUR)
    scene.cancels()
    (found,) = candidates(scene.freed())
    assert (found.follow_up, found.entry, found.asked_at) == (follow_up, entry, NOW - HOUR)


def test_who_has_left_the_time_or_is_settled_is_not_asked(scene: Scene) -> None:
    scene.enters(1, customer=scene.appointment.customer)
    FollowUp.objects.filter(pk=scene.waits(2).pk).update(status="done")
    FollowUp.objects.filter(pk=scene.waits(3).pk).update(reason="unclear")
    scene.cancels()
    assert waiting(scene) == []


def test_a_stranger_without_a_customer_is_passed_over_once(scene: Scene) -> None:
    FollowUp.objects.filter(pk=scene.waits(1).pk).update(customer=None)
    BookingRequest.objects.update(call=salon.call(scene.branch, None, "call_anonymous"))
    scene.cancels()
    assert waiting(scene) == ["None"]


def test_other_companies_never_see_it(scene: Scene) -> None:
    scene.enters(1)
    WaitingEntry.objects.update(company=salon.company("praxis-ulme"))
    scene.cancels()
    assert waiting(scene) == []
