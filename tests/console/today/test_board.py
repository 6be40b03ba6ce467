"""The front page says what waits for whom, counts right, asks little, and shows nobody more than they may see."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.models import Appointment, FollowUp
from askpro.console import masking
from askpro.console.roles import OPERATOR
from askpro.console.scope import Scope
from askpro.console.today.agenda import to_confirm
from askpro.console.today.call_backs import call_backs
from askpro.console.today.day import Day
from calls.models import Call, Company
from notifications.models import Notification
from tests.console.tenants import CANARY, bound, make_strangers
from tests.console.world import World
from tests.plans import plans
from webhooks.models import WebhookEvent

MOST_QUERIES = 15
LATER = datetime(2099, 1, 5, 12, tzinfo=UTC)
NOON = datetime(2025, 11, 17, 12, tzinfo=ZoneInfo("Europe/Berlin"))


def page(client: Client, language: str = "en") -> str:
    return client.get("/admin/", headers={"accept-language": language}).content.decode()


def test_it_says_what_to_do_first_in_an_empty_installation(admin_client: Client) -> None:
    shown = page(admin_client)

    for words in ("First steps", "Enter the company", "demo_call", "queues_run"):
        assert words in shown
    Company.objects.create(name="Salon", slug="salon")
    steps = admin_client.get("/admin/").context["first_steps"]
    assert [step.is_done for step in steps] == [True, False, False]


def test_it_says_no_first_steps_when_a_call_has_come_in(admin_client: Client, world: World) -> None:
    assert "First steps" not in page(admin_client)


def test_it_counts_today_and_the_same_weekday_by_the_same_time(admin_client: Client, world: World) -> None:
    today, last_week = NOON.replace(hour=9), NOON - timedelta(days=7)
    Call.objects.update(started_at=today, outcome="no_request")
    first, second, later, *_ = world.calls
    Call.objects.filter(pk=first.pk).update(started_at=last_week - timedelta(hours=2), outcome="booked")
    Call.objects.filter(pk=later.pk).update(started_at=last_week + timedelta(hours=2))
    Call.objects.filter(pk=second.pk).update(outcome="booked")

    with time_machine.travel(NOON, tick=False):
        calls, booked, *_ = admin_client.get("/admin/").context["numbers"]

    assert (calls.now.number, calls.before.number) == (len(world.calls) - 2, 1)
    assert (booked.now.number, booked.before.number) == (1, 1)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 30)], ids=str)
def test_a_day_goes_from_midnight_to_midnight_by_the_clock(day: date) -> None:
    evening = Day(timezone.make_aware(datetime.combine(day, time(23, 30))))

    for moment, hour in ((evening.start, 0), (evening.end, 0), (evening.week_before.now, 23)):
        assert timezone.localtime(moment).hour == hour
    assert timezone.localtime(evening.end).date() == day + timedelta(days=1)
    assert evening.week_before.date == day - timedelta(days=7)


def test_it_lists_who_waits_for_a_call_the_overdue_first(admin_client: Client, world: World) -> None:
    context = admin_client.get("/admin/").context
    waiting = [row for row in world.follow_ups if row.status == "open"]

    deadlines = [line.row.deadline for line in context["call_backs"]]
    assert deadlines == sorted(deadlines)
    assert context["counts"]["call_backs"].number == len(waiting)
    assert context["counts"]["overdue"].number == sum(row.due_at < timezone.now() for row in waiting) > 0
    assert context["call_backs"][0].is_overdue


def test_it_leads_to_the_work_and_to_the_phone_by_one_click(world: World) -> None:
    row = next(row for row in world.follow_ups if row.status == "open" and row.number)
    may_read = Permission.objects.exclude(codename="reveal")

    shown = page(_logged_in(bound(operator=True, permissions=may_read)))

    assert f'href="tel:{row.number}"' in shown
    assert f'href="/admin/appointments/followup/{row.pk}/change/"' in shown


def test_it_tells_nobody_a_number_who_reads_numbers_masked(world: World) -> None:
    everything = Scope(None)
    Appointment.objects.update(status="requested", starts_at=LATER, ends_at=LATER + timedelta(hours=1))

    with masking.looking(masked=True):
        lines = [*call_backs(everything, NOON), *to_confirm(everything, NOON)]
        shown = [f"{line.who} {line.number}" for line in lines]

    assert len(shown) > 5 and not any(customer.phone in line for line in shown for customer in world.customers)
    with masking.looking(masked=False):
        assert all(line.number for line in lines)


@pytest.mark.parametrize("language", ["de", "en"])
def test_it_says_why_to_call_back_in_the_readers_language(admin_client: Client, world: World, language: str) -> None:
    rows = admin_client.get("/admin/", headers={"accept-language": language}).context["call_backs"]
    shown = page(admin_client, language)

    assert rows
    for line in rows:
        assert line.row.title(language) in shown


def test_it_lists_what_waits_for_a_person_and_no_longer_when_done(admin_client: Client, world: World) -> None:
    Notification.objects.update(status="sent")
    WebhookEvent.objects.update(status="processed")
    booked = world.appointments[-1]
    assert "Waits for a person" not in page(admin_client)

    Notification.objects.filter(pk=world.messages[0].pk).update(status="failed", created_at=timezone.now())
    WebhookEvent.objects.filter(pk=world.events[0].pk).update(status="unassigned")
    later = timezone.now() + timedelta(days=3)
    ends = {"starts_at": later, "ends_at": later + timedelta(hours=1)}
    Appointment.objects.filter(pk=booked.pk).update(status="requested", **ends)
    shown = page(admin_client)

    for words in ("Messages that reached nobody: 1", "1 event waits for a phone number.", f'"to-confirm-{booked.pk}"'):
        assert words in shown


def test_it_shows_the_day_by_branch_and_time(admin_client: Client, world: World) -> None:
    for place, row in enumerate(world.appointments):
        at = NOON + timedelta(hours=place % 3)
        Appointment.objects.filter(pk=row.pk).update(starts_at=at, ends_at=at + timedelta(hours=1), status="confirmed")
    gone = world.appointments[0]
    Appointment.objects.filter(pk=gone.pk).update(status="cancelled")

    with time_machine.travel(NOON, tick=False):
        places = admin_client.get("/admin/").context["agenda"]

    assert [place.name for place in places] == sorted({str(row.branch) for row in world.appointments})
    for place in places:
        starts = [line.row.starts_at for line in place.lines]
        assert starts == sorted(starts)
    assert gone.pk not in {line.row.pk for place in places for line in place.lines}


def test_a_long_day_is_shown_from_now_on(admin_client: Client, world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("askpro.console.today.agenda.MOST", 1)
    for hours, row in enumerate(world.appointments[:3]):
        at = NOON + timedelta(hours=2 * hours - 3)
        Appointment.objects.filter(pk=row.pk).update(starts_at=at, ends_at=at + timedelta(hours=1), status="confirmed")

    with time_machine.travel(NOON, tick=False):
        (place,) = admin_client.get("/admin/").context["agenda"]

    assert [line.row.pk for line in place.lines] == [world.appointments[2].pk]


def operator() -> Client:
    """By a group and by permissions of their own."""
    user = bound(operator=True, permissions=Permission.objects.filter(content_type__app_label="watch"))
    user.groups.add(Group.objects.get(name=OPERATOR))
    return _logged_in(user)


def owner(world: World) -> Client:
    return _logged_in(bound(world.companies[0], world.companies[1]))


def _logged_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("who", ["operator", "owner"])
def test_it_asks_at_most_fifteen_times(world: World, who: str) -> None:
    client = operator() if who == "operator" else owner(world)
    later = timezone.now() + timedelta(days=1)
    ends = {"starts_at": later, "ends_at": later + timedelta(hours=1)}
    Appointment.objects.filter(pk=world.appointments[0].pk).update(status="requested", **ends)
    assert client.get("/admin/").context["to_confirm"]

    with CaptureQueriesContext(connection) as asked:
        assert client.get("/admin/").status_code == 200

    assert len(asked) <= MOST_QUERIES, "\n".join(query["sql"][:160] for query in asked)


@pytest.mark.parametrize(
    ("read", "table"),
    [(call_backs, "appointments_followup"), (to_confirm, "appointments_appointment")],
    ids=["call backs", "to confirm"],
)
def test_it_looks_up_what_belongs_to_the_rows_that_it_shows_only(
    world: World, read: Callable[[Scope, datetime], list[Any]], table: str
) -> None:
    (plan,) = plans(lambda: read(Scope(None), NOON), table)

    assert "InitPlan" in plan and f"{table}_pkey" in plan


def test_people_of_a_company_see_theirs_and_nothing_of_the_engine(world: World) -> None:
    ours, theirs = make_strangers(world)
    at = timezone.now().replace(hour=12)
    Call.objects.update(started_at=timezone.now())
    Appointment.objects.update(starts_at=at, ends_at=at + timedelta(hours=1), status="requested")

    answer = _logged_in(bound(ours)).get("/admin/")

    assert CANARY not in answer.content.decode()
    assert answer.context["wrong"] is None and answer.context["waits"] == []
    assert {line.row.company_id for line in answer.context["calls"]} == {ours.pk}
    assert answer.context["numbers"][0].now.number == ours.calls.count()
    assert "queues_run" not in answer.content.decode()
    assert CANARY in _logged_in(bound(theirs)).get("/admin/").content.decode()


def test_it_hides_what_a_person_may_not_see(world: World, staff_with: Callable[..., Client]) -> None:
    context = staff_with("calls.view_call").get("/admin/").context

    assert "calls" in context
    for name in ("call_backs", "agenda"):
        assert name not in context
    assert context["wrong"] is None
    assert {"call_backs", "failed_messages", "sent", "appointments"}.isdisjoint(context["counts"])


def test_who_is_bound_to_nothing_is_told_so(world: World) -> None:
    shown = page(_logged_in(bound()))

    assert "bound to no company yet" in shown
    assert FollowUp.objects.exists() and "tel:" not in shown
