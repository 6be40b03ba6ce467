"""Each report is written once, when it is due where the company is."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from askpro.queue_settings import SCHEDULE
from askpro.queues.models import Job
from askpro.queues.testing import assert_sent
from calls.models import Branch, Call, Company
from notifications.models import Notification, Report
from notifications.reports.due import periods
from notifications.tasks import send_due_reports, send_report
from tests.notifications.reports.test_numbers import called

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 30)


def berlin(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


@pytest.fixture
def reported(company: Company) -> Company:
    company.report_emails = "chefin@lindenblatt.example.org, buero@lindenblatt.example.org"
    company.daily_report = company.weekly_report = True
    company.save()
    return company


def run(now: datetime) -> None:
    """The scheduled job of this minute."""
    send_due_reports(now=now.isoformat())


def written() -> list[tuple[str, date, date]]:
    return list(Report.objects.order_by("id").values_list("kind", "first_day", "last_day"))


def test_the_schedule_tells_the_job_its_minute() -> None:
    assert SCHEDULE["reports"]["actor"] == send_due_reports.actor_name
    assert SCHEDULE["reports"]["tick_as"] == "now"


def test_a_week_writes_each_report_once(reported: Company) -> None:
    now = berlin(MONDAY, 0)
    while now < berlin(MONDAY + timedelta(days=7), 12):
        # Each is due at several of these moments.
        run(now)
        now += timedelta(hours=3)
    days = [MONDAY + timedelta(days=ago) for ago in range(7)]
    week_before = ("weekly", MONDAY - timedelta(days=7), MONDAY - timedelta(days=1))
    expected = [("daily", day, day) for day in days] + [week_before, ("weekly", MONDAY, MONDAY + timedelta(days=6))]
    # At midnight, the evening before is not twelve hours ago.
    expected.append(("daily", MONDAY - timedelta(days=1), MONDAY - timedelta(days=1)))
    assert sorted(written()) == sorted(expected)
    assert Notification.objects.count() == 2 * len(expected)
    assert set(Notification.objects.values_list("kind", "channel", "language")) == {("report", "email", "de")}


def test_it_is_written_with_a_job_in_the_queue_for_what_can_wait(reported: Company) -> None:
    run(berlin(MONDAY, 20))
    for notification in Notification.objects.all():
        assert_sent(send_report, notification_id=notification.pk, company_id=reported.pk)
    assert set(Job.objects.filter(actor_name="send_report").values_list("queue_name", flat=True)) == {"low"}


@pytest.mark.parametrize(
    ("hour", "now", "day"),
    [
        (20, berlin(MONDAY, 19, 59), None),
        (20, berlin(MONDAY, 20), MONDAY),
        (20, berlin(MONDAY, 23, 59), MONDAY),
        (20, berlin(MONDAY + timedelta(days=1), 7, 59), MONDAY),
        (20, berlin(MONDAY + timedelta(days=1), 8), None),
        # In the morning, it is about the day before.
        (7, berlin(MONDAY, 7), MONDAY - timedelta(days=1)),
        (0, berlin(MONDAY, 0), MONDAY - timedelta(days=1)),
        # An hour that the clocks skip, and one that they have twice.
        (2, berlin(date(2027, 3, 28), 3), date(2027, 3, 27)),
        (2, datetime(2026, 10, 25, 0, 0, tzinfo=UTC), date(2026, 10, 24)),
        (2, datetime(2026, 10, 25, 1, 30, tzinfo=UTC), date(2026, 10, 24)),
    ],
)
def test_the_day_is_due_at_the_companys_hour(hour: int, now: datetime, day: date | None) -> None:
    company = Company(daily_report=True, report_hour=hour, timezone="Europe/Berlin")
    found = [period.first for _, period in periods(company, now)]
    assert found == ([] if day is None else [day])


@pytest.mark.parametrize(
    ("now", "first"),
    [
        (berlin(MONDAY, 6, 59), None),
        (berlin(MONDAY, 7), MONDAY - timedelta(days=7)),
        (berlin(MONDAY + timedelta(days=3), 6, 59), MONDAY - timedelta(days=7)),
        (berlin(MONDAY + timedelta(days=3), 7), None),
    ],
)
def test_the_week_is_due_on_monday_and_for_three_days(now: datetime, first: date | None) -> None:
    company = Company(weekly_report=True, timezone="Europe/Berlin")
    assert [period.first for _, period in periods(company, now)] == ([] if first is None else [first])


def test_nobody_gets_what_is_not_switched_on(company: Company, reported: Company) -> None:
    Company.objects.update(daily_report=False, weekly_report=False)
    run(berlin(MONDAY, 20))
    Company.objects.update(daily_report=True, is_active=False)
    run(berlin(MONDAY, 20))
    Company.objects.update(is_active=True, report_emails="", notification_email="")
    run(berlin(MONDAY, 20))
    assert written() == []


def test_without_an_address_of_its_own_it_goes_to_the_companys(reported: Company) -> None:
    Company.objects.update(report_emails="")
    run(berlin(MONDAY, 20))
    assert set(Notification.objects.values_list("recipient", flat=True)) == {"team@lindenblatt.example.org"}


@pytest.fixture
def summed_up(branch: Branch) -> Iterator[Branch]:
    company = branch.company
    company.call_summaries = True
    company.save()
    with time_machine.travel(berlin(MONDAY, 11), tick=False):
        yield branch


def ended(branch: Branch, **values: Any) -> Call:
    now = berlin(MONDAY, 11)
    known = {"outcome": "booked", "extracted_at": now, "end_heard_at": now}
    return called(branch, now - timedelta(minutes=5), **known | values)


@pytest.mark.parametrize(
    ("values", "is_told"),
    [
        ({}, True),
        ({"outcome": "no_request"}, True),
        ({"status": "lost", "outcome": "follow_up", "extracted_at": None}, True),
        ({"outcome": "pending"}, False),
        ({"outcome": "not_connected"}, False),
        ({"extracted_at": None}, False),
        ({"status": "ongoing"}, False),
        # Its analysis may still come; after four minutes it will not.
        ({"status": "ended"}, False),
        ({"status": "ended", "end_heard_at": berlin(MONDAY, 10, 56)}, True),
        ({"started_at": berlin(MONDAY, 4)}, False),
        ({"erased_at": berlin(MONDAY, 11)}, False),
    ],
)
def test_a_call_is_told_once_it_is_known_what_came_of_it(
    summed_up: Branch, values: dict[str, Any], is_told: bool
) -> None:
    call = ended(summed_up)
    Call.objects.filter(pk=call.pk).update(**values)
    for _ in range(2):
        run(berlin(MONDAY, 11))
    assert [report.call for report in Report.objects.all()] == ([call] if is_told else [])
    assert Notification.objects.count() == int(is_told)


def test_each_call_is_told_to_its_branch(summed_up: Branch) -> None:
    summed_up.notification_email = "mitte@lindenblatt.example.org"
    summed_up.save()
    calls = [ended(summed_up), ended(summed_up)]
    run(berlin(MONDAY, 11))
    assert {report.call for report in Report.objects.all()} == set(calls)
    assert list(Notification.objects.values_list("recipient", flat=True)) == ["mitte@lindenblatt.example.org"] * 2
