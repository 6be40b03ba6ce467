"""The console shows an appointment's reminders and questions, and how often a customer did not come."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment, Question, Reminder
from appointments.reminders.planning import plan
from notifications.why import Why
from tests.console.world import World


@pytest.fixture
def reminded(world: World) -> Appointment:
    appointment = next(row for row in world.appointments if row.status == "confirmed")
    starts_at = timezone.now() + timedelta(days=2)
    Appointment.objects.filter(pk=appointment.pk).update(
        starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), customer_confirmed_at=timezone.now()
    )
    appointment = Appointment.objects.select_related("company", "branch__company", "customer").get(pk=appointment.pk)
    plan(appointment)
    return appointment


def test_the_page_says_when_they_are_due_and_why_one_is_not_sent(admin_client: Client, reminded: Appointment) -> None:
    Reminder.objects.get(kind="last_reminder").skip(Why.BEGINS_IN_QUIET)
    shown = admin_client.get(f"/admin/appointments/appointment/{reminded.pk}/change/").content.decode()
    assert "Waits for its time" in shown and "Not sent on purpose" in shown
    assert Reminder.objects.get(kind="last_reminder").told("en") in shown
    assert "Customer says they come" in shown
    assert "Asked by SMS" not in shown


def test_the_page_says_what_was_asked_and_answered(admin_client: Client, reminded: Appointment) -> None:
    asked = Question.ask(
        kind=Question.Kind.REMINDER, company=reminded.company, appointment=reminded, number="+4915550100123",
        sender="+493023125210", ends_at=reminded.starts_at,
    )  # fmt: skip
    assert asked is not None and asked.take(Question.Answer.YES)
    shown = admin_client.get(f"/admin/appointments/appointment/{reminded.pk}/change/").content.decode()
    assert "Asked by SMS" in shown and "Will you come?" in shown and "Yes" in shown


def test_no_shows_are_counted_again_each_time(admin_client: Client, world: World) -> None:
    appointment = next(row for row in world.appointments if row.customer_id)
    page = f"/admin/calls/customer/{appointment.customer_id}/change/"
    own = Appointment.objects.filter(customer=appointment.customer_id)
    own.update(status="confirmed")
    assert "last on" not in admin_client.get(page).content.decode()
    Appointment.objects.filter(pk=appointment.pk).update(status="no_show")
    assert "1, last on" in admin_client.get(page).content.decode()
    own.update(status="completed")
    assert "last on" not in admin_client.get(page).content.decode()
