"""Follow-ups that nobody takes, reminders that are late, keys that expire, as the watcher finds them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User

from appointments import deadlines
from appointments.models import Appointment, Change, Detail, FollowUp, Reminder
from calls.models import Branch
from notifications.why import Why
from tests.appointments.salon import branch, company, customer, service
from tests.found import found, told

pytestmark = pytest.mark.django_db

# Monday, 30 November 2026, ten in Berlin. The salon is open from nine to six, Monday to Friday.
TEN = datetime(2026, 11, 30, 9, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(TEN, tick=False) as clock:
        yield clock


@pytest.fixture
def here(db: None) -> Branch:
    return branch(company())


@pytest.fixture
def appointment(here: Branch) -> Appointment:
    starts_at = TEN + timedelta(days=1)
    return Appointment.objects.create(
        company=here.company,
        branch=here,
        customer=customer(here.company),
        service=service(here.company),
        starts_at=starts_at,
        ends_at=starts_at + HOUR,
        status=Appointment.Status.CONFIRMED,
    )


class TestFollowUps:
    def opened(self, here: Branch, count: int, at: datetime = TEN) -> None:
        for _ in range(count):
            row = FollowUp.objects.create(
                company=here.company, branch=here, reason=FollowUp.Reason.CALLBACK, due_at=at + 2 * HOUR
            )
            FollowUp.objects.filter(pk=row.pk).update(created_at=at)

    def found_at(self, clock: Any, now: datetime) -> list[str]:
        clock.move_to(now)
        deadlines.escalate(now)
        return list(found("follow_ups_overdue", now))

    def test_three_that_are_nobodys_are_told_four_hours_after_the_last_deadline(self, here: Branch, clock: Any) -> None:
        self.opened(here, 3)
        assert self.found_at(clock, TEN + 6 * HOUR - MINUTE) == []
        assert self.found_at(clock, TEN + 6 * HOUR) == [str(here.company_id)]

    def test_two_are_not(self, here: Branch, clock: Any) -> None:
        self.opened(here, 2)
        assert self.found_at(clock, TEN + 30 * HOUR) == []

    def test_nights_and_weekends_do_not_count(self, here: Branch, clock: Any) -> None:
        friday = TEN + timedelta(days=4, hours=7)
        self.opened(here, 3, friday)
        assert self.found_at(clock, friday + timedelta(days=2, hours=12)) == []
        assert self.found_at(clock, friday + timedelta(days=3, hours=5)) == [str(here.company_id)]

    def test_what_somebody_has_taken_or_settled_is_not(self, here: Branch, clock: Any) -> None:
        self.opened(here, 3)
        first, second, _ = FollowUp.objects.order_by("pk")
        first.assign(User.objects.create_user("mara"), None)
        assert self.found_at(clock, TEN + 8 * HOUR) == []
        self.opened(here, 1)
        assert self.found_at(clock, TEN + 8 * HOUR) == [str(here.company_id)]
        second.make_obsolete(Detail.REPLACED)
        assert self.found_at(clock, TEN + 8 * HOUR) == []

    def test_companies_are_told_of_apart(self, here: Branch, clock: Any) -> None:
        other = branch(company("salon-esche"))
        self.opened(here, 2)
        self.opened(other, 2)
        assert self.found_at(clock, TEN + 8 * HOUR) == []


class TestReminders:
    def due(self, appointment: Appointment, at: datetime) -> Reminder:
        return Reminder.objects.create(
            company=appointment.company,
            appointment=appointment,
            kind=Reminder.Kind.FIRST,
            starts_at=appointment.starts_at,
            minutes=1440,
            due_at=at,
        )

    def test_one_that_is_late_by_more_than_twenty_minutes_is_told_until_it_is_written(
        self, appointment: Appointment
    ) -> None:
        row = self.due(appointment, TEN)
        assert found("reminders_late", TEN + 20 * MINUTE) == {}
        [finding] = found("reminders_late", TEN + 21 * MINUTE).values()
        assert finding.since == TEN and "the oldest is 21 minutes late" in told("reminders_late", finding)
        row.skip(Why.HAS_BEGUN)
        assert found("reminders_late", TEN + 21 * MINUTE) == {}

    def test_one_that_waits_for_what_comes_of_a_change_is_not_late(self, appointment: Appointment) -> None:
        self.due(appointment, TEN)
        Change.objects.create(
            company=appointment.company,
            appointment=appointment,
            kind=Change.Kind.CANCEL,
            channel=Change.Channel.PAGE,
            before=appointment.starts_at,
        )
        assert found("reminders_late", TEN + HOUR) == {}


class TestKeys:
    @pytest.mark.parametrize(("days", "is_told"), [(15, False), (14, True), (0, True), (-3, True)])
    def test_a_key_is_told_of_from_two_weeks_before_its_end(self, days: int, is_told: bool) -> None:
        ours = company(calcom_key_expires_on=date(2026, 11, 30) + timedelta(days=days))
        company("salon-esche")
        company("salon-fichte", calcom_key_expires_on=date(2026, 11, 30), is_active=False)
        findings = found("key_expiring", TEN)
        assert list(findings) == ([f"calcom:{ours.pk}"] if is_told else [])
        assert all("cal_test" not in told("key_expiring", each) for each in findings.values())
