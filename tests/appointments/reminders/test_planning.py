"""Which reminders an appointment has, and when they are due."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from appointments.models import Appointment, Question, Reminder
from appointments.reminders.planning import due_at, plan_forgotten
from appointments.sweepers import sweep
from calls.models import Company
from notifications import outbox
from tests.appointments.reminders.scene import BERLIN, local, moved, planned, rows, states
from tests.notifications.scene import MOBILE, NOW, change
from tests.notifications.twilio_api import SERVICE
from tests.plans import plans

DAY, TWO_HOURS = timedelta(days=1), timedelta(hours=2)


def test_a_confirmed_appointment_has_one_a_day_and_one_two_hours_before(appointment: Appointment) -> None:
    planned(appointment)
    assert {kind: row.due_at for kind, row in rows(appointment).items()} == {
        "reminder": appointment.starts_at - DAY,
        "last_reminder": appointment.starts_at - TWO_HOURS,
    }


@pytest.mark.parametrize("status", ["requested", "cancelled", "completed", "no_show"])
def test_no_other_has_any(appointment: Appointment, status: str) -> None:
    planned(appointment, status=status)
    assert not Reminder.objects.exists()


def test_one_that_was_made_at_cal_com_has_none(appointment: Appointment) -> None:
    planned(appointment, source="calcom")
    assert plan_forgotten() == 0
    assert not Reminder.objects.exists()


@pytest.mark.parametrize(
    ("at_company", "at_service", "due"),
    [
        ((60, 30), (None, None), {"reminder": 60, "last_reminder": 30}),
        ((60, 30), (90, None), {"reminder": 90, "last_reminder": 30}),
        ((60, 30), (0, 45), {"last_reminder": 45}),
        ((None, None), (None, None), {}),
        ((None, None), (None, 15), {"last_reminder": 15}),
    ],
)
def test_the_service_says_when_else_the_company(
    appointment: Appointment,
    at_company: tuple[int | None, int | None],
    at_service: tuple[int | None, int | None],
    due: dict[str, int],
) -> None:
    assert appointment.service is not None
    for row, (first, last) in ((appointment.company, at_company), (appointment.service, at_service)):
        row.reminder_minutes, row.last_reminder_minutes = first, last
        row.save()
    planned(appointment)
    assert {kind: row.starts_at - row.due_at for kind, row in rows(appointment).items()} == {
        kind: timedelta(minutes=minutes) for kind, minutes in due.items()
    }


def test_nobody_reminds_earlier_than_four_weeks_before(company: Company) -> None:
    company.reminder_minutes = 4 * 7 * 24 * 60 + 1
    with pytest.raises(ValidationError, match="reminder_minutes"):
        company.full_clean(exclude=["slug"])


@pytest.mark.parametrize(
    ("starts_at", "minutes", "due"),
    [
        # The clocks go forward on 28 March 2027 at 2:00, and back on 31 October 2027 at 3:00.
        (local(2027, 3, 28, 14), 1440, local(2027, 3, 27, 14)),
        (local(2027, 10, 31, 14), 1440, local(2027, 10, 30, 14)),
        (local(2027, 3, 28, 4), 120, local(2027, 3, 28, 1)),
        (local(2027, 10, 31, 4), 120, datetime(2027, 10, 31, 1, tzinfo=UTC)),
        (local(2027, 11, 2, 9), 2 * 1440 + 90, local(2027, 10, 31, 7, 30)),
        # At half past two there is no half past two on the day before.
        (local(2027, 3, 29, 2, 30), 1440, datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
    ],
)
def test_days_are_those_of_the_calendar_and_hours_those_of_the_clock(
    starts_at: datetime, minutes: int, due: datetime
) -> None:
    assert due_at(starts_at, minutes, BERLIN) == due


def test_days_are_counted_where_the_branch_is() -> None:
    starts_at = datetime(2027, 3, 28, 12, tzinfo=UTC)
    assert due_at(starts_at, 1440, ZoneInfo("America/New_York")) == starts_at - DAY


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (timedelta(hours=25), {"last_reminder": "due", "reminder": "due"}),
        (timedelta(hours=24), {"last_reminder": "due", "reminder": "due"}),
        (timedelta(hours=23), {"last_reminder": "due", "reminder": "heard_lately"}),
        (timedelta(hours=4), {"last_reminder": "due", "reminder": "heard_lately"}),
        (timedelta(hours=3), {"last_reminder": "heard_lately", "reminder": "heard_lately"}),
        (timedelta(minutes=10), {"last_reminder": "heard_lately", "reminder": "heard_lately"}),
    ],
)
def test_who_has_just_heard_of_the_time_is_not_reminded_of_it(
    appointment: Appointment, ahead: timedelta, expected: dict[str, str]
) -> None:
    change(appointment, starts_at=NOW + ahead, ends_at=NOW + ahead + timedelta(hours=1))
    outbox.announce(appointment, "confirmation")
    planned(appointment)
    assert states(appointment) == expected


def test_a_long_lead_of_the_last_one_counts_like_that_of_the_first(appointment: Appointment) -> None:
    Company.objects.update(last_reminder_minutes=300)
    change(appointment, starts_at=NOW + timedelta(hours=4.5), ends_at=NOW + timedelta(hours=5))
    planned(appointment)
    assert states(appointment)["last_reminder"] == "heard_lately"


def test_a_move_leaves_the_old_ones_and_plans_new_ones(appointment: Appointment) -> None:
    planned(appointment)
    before = appointment.starts_at
    moved(appointment, timedelta(days=3))
    assert set(appointment.reminders.filter(starts_at=before).values_list("state", "reason")) == {
        ("void", "changed_since")
    }
    assert {kind: row.due_at for kind, row in rows(appointment).items()} == {
        "reminder": before + timedelta(days=2),
        "last_reminder": before + timedelta(days=3) - TWO_HOURS,
    }


def test_a_time_that_is_left_and_taken_again_is_reminded_of_once(appointment: Appointment) -> None:
    planned(appointment)
    Reminder.objects.filter(kind="reminder").update(state="sent")
    moved(appointment, timedelta(days=3))
    moved(appointment, timedelta(days=-3))
    assert states(appointment) == {"reminder": "sent", "last_reminder": "due"}
    assert Reminder.objects.count() == 4


@pytest.mark.parametrize("status", ["cancelled", "requested"])
def test_what_is_no_longer_confirmed_is_not_reminded_of(appointment: Appointment, status: str) -> None:
    planned(appointment)
    planned(appointment, status=status)
    assert states(appointment) == {"reminder": "changed_since", "last_reminder": "changed_since"}
    planned(appointment, status="confirmed")
    assert states(appointment) == {"reminder": "due", "last_reminder": "due"}


def test_the_same_again_changes_nothing(appointment: Appointment) -> None:
    planned(appointment)
    before = list(Reminder.objects.values())
    planned(appointment)
    assert list(Reminder.objects.values()) == before


@pytest.mark.parametrize(("is_moved", "status"), [(True, "confirmed"), (False, "cancelled")])
def test_a_question_about_what_has_changed_is_withdrawn(
    appointment: Appointment, company: Company, is_moved: bool, status: str
) -> None:
    values: dict[str, Any] = {"company": company, "number": MOBILE, "sender": SERVICE, "ends_at": NOW + DAY}
    Question.ask(kind=Question.Kind.REMINDER, appointment=appointment, **values)
    planned(appointment)
    assert Question.objects.get().state == "open"
    planned(appointment, is_moved=is_moved, status=status)
    assert Question.objects.get().state == "withdrawn"


def test_the_sweeper_finds_confirmed_ones_without_rows(appointment: Appointment) -> None:
    sweep()
    assert states(appointment) == {"reminder": "due", "last_reminder": "due"}
    assert plan_forgotten() == 0


def test_an_upgrade_a_few_hours_before_the_start_still_reminds_who_booked_long_ago(
    appointment: Appointment, clock: Any
) -> None:
    clock.move_to(appointment.starts_at - timedelta(hours=3))
    plan_forgotten()
    assert states(appointment) == {"reminder": "due", "last_reminder": "due"}


@pytest.mark.parametrize(("minutes", "state"), [(60, "due"), (None, "no_reminder")])
def test_the_sweeper_finds_rows_of_other_settings(appointment: Appointment, minutes: int | None, state: str) -> None:
    planned(appointment)
    Company.objects.update(last_reminder_minutes=minutes)
    assert plan_forgotten() == 1
    assert states(appointment)["last_reminder"] == state
    if minutes:
        assert rows(appointment)["last_reminder"].due_at == appointment.starts_at - timedelta(minutes=minutes)
    assert plan_forgotten() == 0
    Company.objects.update(last_reminder_minutes=120)
    assert plan_forgotten() == 1
    assert states(appointment)["last_reminder"] == "due"


def test_the_sweeper_looks_only_at_confirmed_ones_ahead(appointment: Appointment) -> None:
    found = plans(plan_forgotten, "appointments_appointment")
    assert "appointment_confirmed" in found[0]
