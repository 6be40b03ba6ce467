"""Deadlines of follow-ups: counted in opening hours, each told once, to whom it concerns."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from appointments import follow_ups
from appointments.models import Detail, Escalation, FollowUp
from appointments.tasks import escalate_follow_ups
from calls.models import ClosedDay
from notifications.models import Notification
from notifications.relevance import why_not_any_more
from notifications.text import texts
from tests.appointments.salon import BERLIN, NOW, wished

pytestmark = pytest.mark.django_db

TEAM, BOSS, LAST = "team@birke.example.org", "leitung@birke.example.org", "inhaberin@birke.example.org"


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=BERLIN)


@pytest.fixture
def follow_up(clock: Any) -> FollowUp:
    """Opened at 11:00 on a Monday, in a salon that is open from 9 to 18."""
    wish = wished()
    wish.company.notification_email, wish.company.escalation_email = BOSS, LAST
    wish.company.save()
    wish.where.notification_email = TEAM
    wish.where.save()
    return follow_ups.open_for(wish, FollowUp.Reason.SLOT_GONE, Detail.TAKEN)


def opened_at(follow_up: FollowUp, at: datetime) -> None:
    FollowUp.objects.filter(pk=follow_up.pk).update(created_at=at, next_step_at=None)


def told(until: datetime, since: datetime = NOW) -> list[tuple[int, str]]:
    """Step and address of each deadline's mail, when the job runs every minute; all rows are in the order of time."""
    at = since
    while at <= until:
        escalate_follow_ups(now=at.isoformat())
        at += timedelta(minutes=1)
    return list(Escalation.objects.order_by("pk").values_list("step", "told"))


def test_scenario_03_the_branch_then_the_company_then_its_last_resort_is_told_each_once(follow_up: FollowUp) -> None:
    assert told(NOW + timedelta(minutes=59)) == []
    assert told(NOW + timedelta(minutes=60), NOW + timedelta(minutes=60)) == [(1, TEAM)]
    assert told(NOW + timedelta(minutes=125), NOW + timedelta(minutes=61)) == [(1, TEAM), (2, BOSS), (3, LAST)]
    times = Escalation.objects.order_by("step").values_list("due_at", flat=True)
    assert [(at - NOW).total_seconds() / 60 for at in times] == [60, 90, 120]
    mails = Notification.objects.filter(follow_up=follow_up, version__gt=1).order_by("version")
    assert [(mail.recipient, mail.kind, mail.status) for mail in mails] == [
        (address, "staff", "pending") for address in (TEAM, BOSS, LAST)
    ]
    subjects = [texts.mail(mail).subject for mail in mails]
    assert [subject.partition(":")[0] for subject in subjects] == ["Noch offen", "Dringend", "Überfällig"]


def test_it_warns_whose_it_is(follow_up: FollowUp, django_user_model: Any) -> None:
    lena = User.objects.create_user("lena", email="lena@birke.example.org", is_staff=True)
    assert follow_up.assign(lena, lena)
    assert told(local(1, 9) - timedelta(days=1) + timedelta(hours=3, minutes=1), NOW)[:1] == [(1, lena.email)]


def test_who_has_left_is_not_warned_but_the_branch(follow_up: FollowUp) -> None:
    gone = User.objects.create_user("lena", email="lena@birke.example.org", is_active=False)
    follow_up.assign(gone, gone)
    escalate_follow_ups(now=(NOW + timedelta(minutes=61)).isoformat())
    assert Escalation.objects.get().told == TEAM


@pytest.mark.parametrize(
    ("opened", "step", "due"),
    [
        (local(1, 17, 30), 1, local(2, 9, 30)),  # half an hour before closing
        (local(1, 17, 30), 3, local(2, 10, 30)),
        (local(4, 17), 1, local(4, 18)),  # Friday, to the end of the day
        (local(4, 17), 2, local(7, 9, 30)),
        (local(5, 12), 1, local(7, 10)),  # Saturday
        (local(2, 16, 30), 3, local(4, 9, 30)),  # the third is closed
    ],
)
def test_it_counts_the_branchs_opening_hours_and_closed_days(
    follow_up: FollowUp, opened: datetime, step: int, due: datetime
) -> None:
    third = local(3, 0).date()
    ClosedDay.objects.create(company=follow_up.company, first_day=third, last_day=third, reason="Inventur")
    opened_at(follow_up, opened)
    escalate_follow_ups(now=(due - timedelta(seconds=1)).isoformat())
    assert Escalation.objects.filter(step=step).count() == 0
    escalate_follow_ups(now=due.isoformat())
    assert Escalation.objects.get(step=step).due_at == due


def test_a_day_off_that_is_entered_later_moves_the_deadline(follow_up: FollowUp) -> None:
    opened_at(follow_up, local(1, 17, 30))
    escalate_follow_ups(now=local(1, 17, 31).isoformat())
    ClosedDay.objects.create(
        company=follow_up.company, first_day=local(2, 0).date(), last_day=local(2, 0).date(), reason="Wasserschaden"
    )
    escalate_follow_ups(now=local(2, 9, 31).isoformat())
    assert not Escalation.objects.exists()
    escalate_follow_ups(now=local(3, 9, 30).isoformat())
    assert Escalation.objects.get().due_at == local(3, 9, 30)


def test_after_an_outage_each_address_hears_of_the_last_deadline_only(follow_up: FollowUp) -> None:
    follow_up.company.escalation_email = ""
    follow_up.company.save()
    escalate_follow_ups(now=local(2, 12).isoformat())
    assert list(Escalation.objects.order_by("step").values_list("step", "told")) == [(1, TEAM), (2, ""), (3, BOSS)]
    assert Notification.objects.filter(version__gt=1).count() == 2


def test_a_company_without_any_address_has_its_deadlines_noted(follow_up: FollowUp) -> None:
    type(follow_up.company).objects.update(notification_email="", escalation_email="")
    type(follow_up.branch).objects.update(notification_email="")
    escalate_follow_ups(now=local(2, 12).isoformat())
    assert [row.told for row in Escalation.objects.all()] == ["", "", ""]
    assert not Notification.objects.filter(version__gt=1).exists()


def test_who_is_to_be_tried_again_has_new_deadlines(follow_up: FollowUp) -> None:
    escalate_follow_ups(now=(NOW + timedelta(minutes=61)).isoformat())
    again = local(1, 10)
    assert follow_up.try_again(again)
    assert not follow_up.try_again(again), "said twice"
    escalate_follow_ups(now=(again + timedelta(minutes=59)).isoformat())
    assert Escalation.objects.count() == 1
    escalate_follow_ups(now=(again + timedelta(minutes=60)).isoformat())
    assert list(Escalation.objects.order_by("pk").values_list("round", "step")) == [(0, 1), (1, 1)]
    before, after = Notification.objects.filter(version__gt=1).order_by("version")
    assert why_not_any_more(before) == "changed_since"
    assert why_not_any_more(after) is None


def test_nobody_is_told_of_what_is_settled(follow_up: FollowUp, admin_user: Any) -> None:
    escalate_follow_ups(now=NOW.isoformat())
    follow_up.resolve(admin_user)
    escalate_follow_ups(now=local(2, 12).isoformat())
    assert not Escalation.objects.exists()
