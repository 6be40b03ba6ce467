"""A day's counts: counted from the rows, and once for all who wait for the same count."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments import daily
from appointments.models import DailyCount
from calls.models import Call, Company
from tests.appointments import salon

MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def call() -> Call:
    """A call of today, with a wish."""
    heard = salon.call(salon.branch(salon.company()), started_at=timezone.now())
    salon.request(heard)
    return heard


def counted(company: Company, at: timedelta) -> DailyCount:
    """A count of today that began this long from now, with a wrong number in it."""
    today = daily.day_in(company, timezone.now())
    return DailyCount.objects.create(company=company, day=today, calls=99, counted_at=timezone.now() + at)


def test_a_day_is_counted_from_its_rows(call: Call) -> None:
    count = daily.recount(call.company, daily.local_day(call))
    count.refresh_from_db()
    assert (count.calls, count.requests, count.bookings, count.follow_ups) == (1, 1, 0, 0)
    assert count.counted_at is not None and abs(timezone.now() - count.counted_at) < MINUTE


def test_what_was_counted_before_is_counted_again(call: Call) -> None:
    before = counted(call.company, -MINUTE)
    daily.recount(call.company, before.day)
    before.refresh_from_db()
    assert before.calls == 1


def test_who_waited_for_a_count_that_began_later_is_served_by_it(call: Call) -> None:
    later = counted(call.company, MINUTE)
    assert daily.recount(call.company, later.day).calls == 99
