"""Staff cancel and move appointments: asked first what follows, only with the permission, and it is written down."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment, Change
from appointments.tasks import carry_out_change
from askpro.queues.testing import assert_sent
from tests.console.world import World

CONFIRMED = {"confirmed": "yes"}


@pytest.fixture
def standing(world: World) -> Appointment:
    appointment = next(row for row in world.appointments if row.status == "confirmed")
    starts_at = timezone.now() + timedelta(days=2)
    Appointment.objects.filter(pk=appointment.pk).update(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
    return Appointment.objects.select_related("company", "branch").get(pk=appointment.pk)


def page(appointment: Appointment, verb: str) -> str:
    return f"/admin/appointments/appointment/{appointment.pk}/{verb}/"


def test_it_says_what_follows_before_it_cancels(admin_client: Client, standing: Appointment) -> None:
    shown = admin_client.get(page(standing, "cancel")).content.decode()
    assert "What follows" in shown and "The customer" in shown
    assert not Change.objects.exists()


def test_it_cancels_with_a_reason_and_writes_down_who_did(admin_client: Client, standing: Appointment) -> None:
    admin_client.post(page(standing, "cancel"), CONFIRMED)
    assert not Change.objects.exists(), "a reason is required"
    admin_client.post(page(standing, "cancel"), {**CONFIRMED, "note": "Wasserschaden"})
    change = Change.objects.get()
    assert (change.kind, change.channel, change.reason, str(change.user)) == (
        "cancel", "console", "Wasserschaden", "admin",
    )  # fmt: skip
    assert_sent(carry_out_change, times=1, change_id=change.pk)
    assert "Wasserschaden" in LogEntry.objects.get(object_id=str(standing.pk)).get_change_message()
    shown = admin_client.get(page(standing, "change")).content.decode()
    assert "Wasserschaden" in shown and "No change." not in shown


def test_it_moves_by_the_clocks_of_the_place(admin_client: Client, standing: Appointment) -> None:
    standing.branch.timezone = "Europe/Lisbon"
    standing.branch.save()
    day = timezone.localdate() + timedelta(days=30)
    admin_client.post(page(standing, "move"), {**CONFIRMED, "note": "Fortbildung", "when": f"{day}T15:30"})
    change = Change.objects.get()
    assert change.starts_at is not None
    assert change.starts_at.astimezone(standing.branch.zone).strftime("%Y-%m-%d %H:%M") == f"{day} 15:30"


@pytest.mark.parametrize("when", ["", "morgen", "2026-03-29T02:30", "0000-00-00T00:00"])
def test_a_time_that_does_not_exist_is_asked_for_again(admin_client: Client, standing: Appointment, when: str) -> None:
    answer = admin_client.post(page(standing, "move"), {**CONFIRMED, "note": "x", "when": when})
    assert (answer.status_code, Change.objects.count()) == (200, 0)


def test_a_time_that_is_over_moves_nothing(admin_client: Client, standing: Appointment) -> None:
    answer = admin_client.post(
        page(standing, "move"), {**CONFIRMED, "note": "x", "when": "2020-01-01T10:00"}, follow=True
    )
    assert "1 skipped" in answer.content.decode()
    assert not Change.objects.exclude(state="refused").exists()


def test_the_notice_binds_no_staff_but_is_said(admin_client: Client, standing: Appointment) -> None:
    standing.company.change_notice_minutes = 60 * 24 * 365
    standing.company.save()
    assert "notice for changes has begun" in admin_client.get(page(standing, "cancel")).content.decode()
    admin_client.post(page(standing, "cancel"), {**CONFIRMED, "note": "Kundin rief an"})
    assert Change.objects.get().state == "waiting"


def test_what_is_over_or_cancelled_offers_nothing(admin_client: Client, world: World, standing: Appointment) -> None:
    def offered(appointment: Appointment) -> list[str]:
        return [button["label"] for button in admin_client.get(page(appointment, "change")).context["offered"]]

    assert offered(standing) == ["Move", "Cancel appointment"]
    assert offered(next(row for row in world.appointments if row.status == "cancelled")) == []
    past = (row for row in world.appointments if row.pk != standing.pk and row.starts_at < timezone.now())
    assert offered(next(past)) == []
    admin_client.post(page(standing, "cancel"), {**CONFIRMED, "note": "x"})
    assert offered(standing) == []


def test_who_may_only_look_changes_nothing(standing: Appointment, staff_with: Callable[..., Client]) -> None:
    client = staff_with("appointments.view_appointment")
    assert client.get(page(standing, "change")).context["offered"] == []
    for verb in ("cancel", "move"):
        assert client.get(page(standing, verb)).status_code == 403
        assert (
            client.post(page(standing, verb), {**CONFIRMED, "note": "x", "when": "2030-01-01T10:00"}).status_code == 403
        )
    assert not Change.objects.exists()
