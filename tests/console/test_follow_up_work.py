"""The list of what people must do: whose, by when, booked by one press, tried again, resolved with what came of it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import responses
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment, FollowUp
from calls.models import BookingRequest, Service
from tests.appointments.calcom_stub import BASE, CalcomStub
from tests.console.tenants import bound
from tests.console.world import World

CONFIRMED = {"confirmed": "yes"}
LIST = "/admin/appointments/followup/"


@pytest.fixture
def waiting(world: World) -> FollowUp:
    """An open one with a wish and two free times."""
    row = next(row for row in world.follow_ups if row.status == "open" and row.booking_request_id)
    now = timezone.now().replace(microsecond=0)
    BookingRequest.objects.filter(pk=row.booking_request_id).update(
        service=Service.objects.filter(company=row.company).first(), unclear="", status="follow_up"
    )
    Service.objects.update(judged_at=now)
    times = [(now + timedelta(days=days)).isoformat() for days in (3, 4)]
    FollowUp.objects.filter(pk=row.pk).update(reason="slot_gone", alternatives=times, due_at=now + timedelta(hours=1))
    return FollowUp.objects.get(pk=row.pk)


@pytest.fixture
def calendar(settings: Any) -> Iterator[CalcomStub]:
    settings.CALCOM_BASE_URL = BASE
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield CalcomStub(mock)


def page(row: FollowUp, verb: str) -> str:
    return f"{LIST}{row.pk}/{verb}/"


def listed(client: Client, query: str = "") -> set[int]:
    return {row.pk for row in client.get(f"{LIST}?{query}").context["cl"].result_list}


def test_who_takes_it_has_it_and_it_can_be_given_on(admin_client: Client, waiting: FollowUp, admin_user: User) -> None:
    admin_client.post(page(waiting, "take"), CONFIRMED)
    waiting.refresh_from_db()
    assert (waiting.assignee, waiting.assigned_by) == (admin_user, admin_user)
    assert listed(admin_client, "whose=mine") == {waiting.pk}
    lena = bound(waiting.company)
    admin_client.post(page(waiting, "assign"), {**CONFIRMED, "pick": str(lena.pk)})
    waiting.refresh_from_db()
    assert (waiting.assignee, waiting.assigned_by) == (lena, admin_user)
    assert waiting.pk not in listed(admin_client, "whose=mine") | listed(admin_client, "whose=nobody")
    admin_client.post(page(waiting, "assign"), {**CONFIRMED, "pick": "nobody"})
    assert FollowUp.objects.get(pk=waiting.pk).assignee is None
    assert LogEntry.objects.filter(object_id=str(waiting.pk)).count() == 3


def test_it_is_given_to_nobody_of_another_company(admin_client: Client, waiting: FollowUp, world: World) -> None:
    [elsewhere] = [company for company in world.companies if company != waiting.company]
    stranger, gone = bound(elsewhere), bound(waiting.company)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    for user in (stranger, gone):
        admin_client.post(page(waiting, "assign"), {**CONFIRMED, "pick": str(user.pk)})
    assert FollowUp.objects.get(pk=waiting.pk).assignee is None


def test_a_salon_sees_no_operators_names(waiting: FollowUp) -> None:
    own, operator = bound(waiting.company), bound(operator=True)
    client = Client()
    client.force_login(own)
    asked = client.get(page(waiting, "assign")).content.decode()
    assert own.username in asked and operator.username not in asked


def test_who_was_not_reached_is_tried_again_and_the_list_is_in_the_order_of_deadlines(
    admin_client: Client, waiting: FollowUp
) -> None:
    again = timezone.localtime() + timedelta(days=2)
    said = {**CONFIRMED, "note": "Mailbox", "when": f"{again:%Y-%m-%dT%H:%M}"}
    admin_client.post(page(waiting, "try_again"), said)
    admin_client.post(page(waiting, "try_again"), said)
    [attempt] = waiting.attempts.all()
    waiting.refresh_from_db()
    assert (attempt.note, waiting.deadline, waiting.round) == ("Mailbox", attempt.again_at, 1)
    rows = list(admin_client.get(LIST).context["cl"].result_list)
    assert [row.deadline for row in rows] == sorted(row.deadline for row in rows)
    assert rows[-1] == waiting
    assert "Mailbox" in admin_client.get(page(waiting, "change")).content.decode()


@pytest.mark.parametrize("when", ["2020-01-01T10:00", "2099-01-01T10:00", ""])
def test_nobody_is_tried_again_in_the_past_or_in_years(admin_client: Client, waiting: FollowUp, when: str) -> None:
    admin_client.post(page(waiting, "try_again"), {**CONFIRMED, "when": when})
    assert not waiting.attempts.exists()


def test_one_press_books_it_and_says_so(admin_client: Client, waiting: FollowUp, calendar: CalcomStub) -> None:
    shown = admin_client.get(page(waiting, "change")).content.decode()
    assert shown.count("Book this time:") == 2
    pressed = {"time": waiting.alternatives[0]}
    answer = admin_client.post(page(waiting, "book"), pressed, follow=True)
    assert "Booked for" in answer.content.decode()
    admin_client.post(page(waiting, "book"), pressed)
    assert Appointment.objects.filter(source="manual", status="confirmed").count() == 1
    waiting.refresh_from_db()
    assert (waiting.status, waiting.outcome, str(waiting.resolved_by)) == ("done", "booked", "admin")
    assert "Book this time:" not in admin_client.get(page(waiting, "change")).content.decode()


@pytest.mark.parametrize("time", ["", "nonsense", "2026-12-03T13:00:00", "9999-12-31T23:59:59+00:00", "\x00"])
def test_what_is_no_free_time_books_nothing(admin_client: Client, waiting: FollowUp, time: str) -> None:
    answer = admin_client.post(page(waiting, "book"), {"time": time}, follow=True)
    assert "Nothing was done" in answer.content.decode()
    assert not BookingRequest.objects.filter(booked_by__isnull=False).exists()


def test_who_may_only_look_books_nothing(waiting: FollowUp, staff_with: Callable[..., Client]) -> None:
    client = staff_with("appointments.view_followup")
    assert "Book this time:" not in client.get(page(waiting, "change")).content.decode()
    assert client.post(page(waiting, "book"), {"time": waiting.alternatives[0]}).status_code == 403
    assert client.get(page(waiting, "book")).status_code == 403
    for verb in ("take", "assign", "try_again"):
        assert client.post(page(waiting, verb), {**CONFIRMED, "pick": "nobody", "note": "x"}).status_code == 403


def test_a_salon_reaches_no_other_salons_follow_up(waiting: FollowUp, world: World) -> None:
    [elsewhere] = [company for company in world.companies if company != waiting.company]
    client = Client()
    client.force_login(bound(elsewhere))
    client.post(page(waiting, "book"), {"time": waiting.alternatives[0]})
    client.post(page(waiting, "take"), CONFIRMED)
    waiting.refresh_from_db()
    assert (waiting.booking, waiting.assignee) == (None, None)


def test_it_counts_what_is_open_and_filters_by_it(admin_client: Client, waiting: FollowUp, admin_user: User) -> None:
    waiting.assign(admin_user, admin_user)
    FollowUp.objects.filter(pk=waiting.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    shown = {name: count.number for name, count, _ in admin_client.get(LIST).context["counts"]}
    still_open = FollowUp.objects.filter(status="open")
    assert shown["Open"] == still_open.count() and shown["Mine"] == 1
    assert shown["Nobody's"] == still_open.count() - 1
    assert shown["Overdue"] == len(listed(admin_client, "state=overdue"))
    assert waiting.pk in listed(admin_client, "state=overdue")
    assert waiting.pk in listed(admin_client, f"branch={waiting.branch_id}&reason__exact=slot_gone")
    assert admin_client.get(f"{LIST}?branch=0").status_code == 400, "no branch of this number"


def test_a_try_again_that_lies_ahead_is_not_overdue(admin_client: Client, waiting: FollowUp) -> None:
    past, ahead = timezone.now() - timedelta(hours=3), timezone.now() + timedelta(hours=3)
    FollowUp.objects.filter(pk=waiting.pk).update(due_at=past, again_at=ahead)
    assert waiting.pk not in listed(admin_client, "state=overdue")
