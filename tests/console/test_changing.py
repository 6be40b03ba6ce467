"""Staff cancel and move appointments: asked first what follows, only with the permission, and it is written down."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import responses
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment, CalcomUid, Change
from appointments.tasks import carry_out_change
from askpro.queues.testing import assert_sent
from tests.appointments.calcom_stub import BASE, CalcomStub, no_connection
from tests.console.world import World

CONFIRMED = {"confirmed": "yes"}


@pytest.fixture
def calendar(settings: Any) -> Iterator[CalcomStub]:
    settings.CALCOM_BASE_URL = BASE
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield CalcomStub(mock)


@pytest.fixture
def standing(world: World, calendar: CalcomStub) -> Appointment:
    """One in two days, of which Cal.com knows."""
    appointment = next(row for row in world.appointments if row.status == "confirmed")
    starts_at = (timezone.now() + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    booking = calendar.book(starts_at.isoformat(), metadata={"askpro_booking_key": str(appointment.booking_key)})
    times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=45)}
    Appointment.objects.filter(pk=appointment.pk).update(**times, calcom_uid=booking["uid"])
    CalcomUid.objects.create(company=appointment.company, uid=booking["uid"], appointment=appointment)
    return Appointment.objects.select_related("company", "branch").get(pk=appointment.pk)


def page(appointment: Appointment, verb: str) -> str:
    return f"/admin/appointments/appointment/{appointment.pk}/{verb}/"


def test_it_says_what_follows_before_it_cancels(admin_client: Client, standing: Appointment) -> None:
    shown = admin_client.get(page(standing, "cancel")).content.decode()
    assert "What follows" in shown and "The customer" in shown
    assert not Change.objects.exists()


def test_it_cancels_at_once_with_a_reason_and_writes_down_who_did(admin_client: Client, standing: Appointment) -> None:
    admin_client.post(page(standing, "cancel"), CONFIRMED)
    assert not Change.objects.exists(), "a reason is required"
    answer = admin_client.post(page(standing, "cancel"), {**CONFIRMED, "note": "Wasserschaden"}, follow=True)
    change = Change.objects.get()
    assert (change.kind, change.channel, change.reason, change.state, str(change.user)) == (
        "cancel", "console", "Wasserschaden", "done", "admin",
    )  # fmt: skip
    assert "Cancelled. The customer is told" in answer.content.decode()
    assert Appointment.objects.get(pk=standing.pk).status == "cancelled"
    assert "Wasserschaden" in LogEntry.objects.get(object_id=str(standing.pk)).get_change_message()
    assert "Wasserschaden" in answer.content.decode() and "No change." not in answer.content.decode()


def test_what_cal_com_does_not_answer_is_left_to_a_job(
    admin_client: Client, standing: Appointment, calendar: CalcomStub
) -> None:
    calendar.away = no_connection
    answer = admin_client.post(page(standing, "cancel"), {**CONFIRMED, "note": "x"}, follow=True)
    change = Change.objects.get()
    assert change.state == "waiting" and "has not answered yet" in answer.content.decode()
    assert_sent(carry_out_change, times=1, change_id=change.pk)


def test_several_that_are_selected_are_left_to_jobs(admin_client: Client, standing: Appointment) -> None:
    other = Appointment.objects.exclude(pk=standing.pk).filter(status="confirmed").first()
    assert other is not None
    times = {"starts_at": standing.starts_at, "ends_at": standing.ends_at}
    Appointment.objects.filter(pk=other.pk).update(**times)
    selected = {"action": "cancel", "index": "0", "_selected_action": [standing.pk, other.pk]}
    admin_client.post("/admin/appointments/appointment/", {**selected, **CONFIRMED, "note": "Krank"})
    assert [change.state for change in Change.objects.all()] == ["waiting", "waiting"]


def test_it_moves_by_the_clocks_of_the_place(admin_client: Client, standing: Appointment) -> None:
    standing.branch.timezone = "Europe/Lisbon"
    standing.branch.save()
    day = timezone.localdate() + timedelta(days=30)
    admin_client.post(page(standing, "move"), {**CONFIRMED, "note": "Fortbildung", "when": f"{day}T15:30"})
    change = Change.objects.get()
    assert change.starts_at is not None and change.state == "done"
    assert change.starts_at.astimezone(standing.branch.zone).strftime("%Y-%m-%d %H:%M") == f"{day} 15:30"


def test_a_taken_time_moves_nothing_and_is_said(
    admin_client: Client, standing: Appointment, calendar: CalcomStub
) -> None:
    to = standing.starts_at + timedelta(days=7)
    calendar.taken.add(f"{to:%Y-%m-%dT%H:%M:%SZ}")
    said = {**CONFIRMED, "note": "x", "when": f"{timezone.localtime(to):%Y-%m-%dT%H:%M}"}
    answer = admin_client.post(page(standing, "move"), said, follow=True)
    assert "Nothing was changed. The time is taken" in answer.content.decode()
    assert Appointment.objects.get(pk=standing.pk).starts_at == standing.starts_at
    assert not LogEntry.objects.filter(object_id=str(standing.pk)).exists()


@pytest.mark.parametrize("when", ["", "morgen", "2026-03-29T02:30", "0000-00-00T00:00"])
def test_a_time_that_does_not_exist_is_asked_for_again(admin_client: Client, standing: Appointment, when: str) -> None:
    answer = admin_client.post(page(standing, "move"), {**CONFIRMED, "note": "x", "when": when})
    assert (answer.status_code, Change.objects.count()) == (200, 0)


def test_a_time_that_is_over_moves_nothing(admin_client: Client, standing: Appointment) -> None:
    answer = admin_client.post(
        page(standing, "move"), {**CONFIRMED, "note": "x", "when": "2020-01-01T10:00"}, follow=True
    )
    assert "Nothing was changed." in answer.content.decode()
    assert not Change.objects.exclude(state="refused").exists()


def test_the_notice_binds_no_staff_but_is_said(admin_client: Client, standing: Appointment) -> None:
    standing.company.change_notice_minutes = 60 * 24 * 365
    standing.company.save()
    assert "notice for changes has begun" in admin_client.get(page(standing, "cancel")).content.decode()
    admin_client.post(page(standing, "cancel"), {**CONFIRMED, "note": "Kundin rief an"})
    assert Change.objects.get().state == "done"


def test_what_is_over_or_cancelled_offers_nothing(admin_client: Client, world: World, standing: Appointment) -> None:
    def offered(appointment: Appointment) -> list[str]:
        buttons = admin_client.get(page(appointment, "change")).context["offered"]
        return [button["label"] for button in buttons if not button["href"].startswith("tel:")]

    assert offered(standing) == ["Move", "Cancel appointment", "Send confirmation again"]
    assert offered(next(row for row in world.appointments if row.status == "cancelled")) == []
    past = (row for row in world.appointments if row.pk != standing.pk and row.starts_at < timezone.now())
    assert offered(next(past)) == ["Did not come", "Came"]
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
