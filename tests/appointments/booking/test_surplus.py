"""Unwanted bookings at Cal.com: a job checks and cancels them, and a person is told if that fails."""

import contextlib
from typing import Any

import pytest
from django.utils import timezone

from appointments import sweepers
from appointments.calcom.booking import Booking
from appointments.changes.mirror import mirror
from appointments.models import Appointment, CalcomUid, FollowUp
from appointments.tasks import cancel_surplus_bookings, create_appointment_from_call, look_for_second_booking
from askpro.queues.errors import JobError, Release
from askpro.queues.models import Job
from notifications.models import Notification
from tests.appointments.calcom_stub import CalcomStub, Fault, error, no_connection, timeout
from tests.appointments.salon import wished
from tests.gates import let_pass

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def second(calendar: CalcomStub) -> dict[str, Any]:
    """A second booking of a wish that is already booked, and the event about it."""
    calendar.places = 2
    wish = wished()
    create_appointment_from_call(call_id=wish.call_id)
    calendar.carry_out_late()
    found = calendar.bookings[1]
    mirror(Booking.from_api(found), timezone.now())
    return found


def cancel() -> None:
    cancel_surplus_bookings(appointment_id=Appointment.objects.get().pk)


def test_the_second_is_cancelled_and_the_customer_hears_nothing_of_it(
    calendar: CalcomStub, second: dict[str, Any]
) -> None:
    cancel()
    assert [booking["status"] for booking in calendar.bookings] == ["accepted", "cancelled"]
    mirror(Booking.from_api(second), timezone.now())
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.calcom_uid) == ("confirmed", calendar.bookings[0]["uid"])
    assert set(Notification.objects.values_list("kind", flat=True)) == {"confirmation"}
    assert not FollowUp.objects.exists()


@pytest.mark.parametrize("where", ["look", "cancel"])
@pytest.mark.parametrize("fault", [error("500"), timeout, no_connection, error("429")])
def test_a_person_is_told_within_two_minutes_of_what_still_stands_and_no_more_once_it_is_cancelled(
    calendar: CalcomStub, clock: Any, second: dict[str, Any], where: str, fault: Fault
) -> None:
    route = f"GET /v2/bookings/{second['uid']}" if where == "look" else f"POST /v2/bookings/{second['uid']}/cancel"
    calendar.fail(route, fault)
    with pytest.raises(JobError):
        cancel()
    clock.shift(90)
    sweepers.sweep()
    assert FollowUp.objects.get().reason == "not_cancelled"
    let_pass(90)
    cancel()
    assert FollowUp.objects.get().status == "obsolete"
    assert second["status"] == "cancelled"


def test_a_person_is_told_at_once_when_cal_com_refuses(calendar: CalcomStub, second: dict[str, Any]) -> None:
    calendar.fail(f"POST /v2/bookings/{second['uid']}/cancel", error("400.validation"))
    with pytest.raises(JobError):
        cancel()
    assert FollowUp.objects.get().reason == "not_cancelled"


def test_a_person_who_has_dealt_with_it_is_not_asked_again(
    calendar: CalcomStub, clock: Any, second: dict[str, Any], admin_user: Any
) -> None:
    clock.shift(90)
    sweepers.sweep()
    assert FollowUp.objects.get().resolve(admin_user, "Cancelled by hand.")
    sweepers.sweep()
    assert FollowUp.objects.get().status == "done"


def test_the_person_is_told_no_more_when_somebody_else_cancels_it(
    calendar: CalcomStub, clock: Any, second: dict[str, Any]
) -> None:
    clock.shift(90)
    sweepers.sweep()
    second["status"] = "cancelled"
    mirror(Booking.from_api(second), timezone.now())
    sweepers.sweep()
    assert FollowUp.objects.get().status == "obsolete"


def test_it_gets_its_job_again_when_that_is_lost(clock: Any, second: dict[str, Any]) -> None:
    Job.objects.all().delete()
    clock.shift(90)
    sweepers.sweep()
    sweepers.sweep()
    assert Job.objects.filter(actor_name="cancel_surplus_bookings").count() == 1


def test_what_the_appointment_was_moved_to_is_kept(calendar: CalcomStub, second: dict[str, Any]) -> None:
    first = calendar.bookings[0]
    second["rescheduledFromUid"], first["rescheduledToUid"], first["status"] = first["uid"], second["uid"], "cancelled"
    cancel()
    assert second["status"] == "accepted"
    assert Appointment.objects.get().calcom_uid == second["uid"]


def test_what_turns_out_to_be_somebody_elses_is_never_touched(calendar: CalcomStub, second: dict[str, Any]) -> None:
    second["metadata"] = {}
    cancel()
    assert second["status"] == "accepted"
    assert CalcomUid.objects.get(uid=second["uid"]).surplus_since is None


@pytest.mark.parametrize("where", ["look", "cancel"])
def test_that_cal_com_says_it_is_not_there_is_not_believed_while_its_list_has_it(
    calendar: CalcomStub, second: dict[str, Any], where: str
) -> None:
    route = f"GET /v2/bookings/{second['uid']}" if where == "look" else f"POST /v2/bookings/{second['uid']}/cancel"
    calendar.fail(route, error("404.booking"))
    with contextlib.suppress(JobError):
        cancel()
    cancel()
    assert second["status"] == "cancelled"


def test_it_is_over_when_cal_com_has_it_nowhere(calendar: CalcomStub, second: dict[str, Any]) -> None:
    calendar.bookings.remove(second)
    cancel()
    assert CalcomUid.objects.get(uid=second["uid"]).ended_at is not None


def test_it_is_looked_for_until_no_earlier_request_can_be_carried_out_any_more(
    calendar: CalcomStub, clock: Any
) -> None:
    calendar.places = 2
    wish = wished()
    create_appointment_from_call(call_id=wish.call_id)
    appointment = Appointment.objects.get()
    with pytest.raises(Release):
        look_for_second_booking(appointment_id=appointment.pk)
    calendar.carry_out_late()
    clock.shift(660)
    look_for_second_booking(appointment_id=appointment.pk)
    assert Job.objects.filter(actor_name="cancel_surplus_bookings").count() == 1
