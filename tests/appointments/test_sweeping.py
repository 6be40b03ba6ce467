"""Rows whose state implies a job get it again, even if everything else was lost."""

from datetime import timedelta
from typing import Any

import pytest

from appointments import sweepers
from appointments.booking.booker import JUDGED_AFTER
from appointments.models import Appointment, FollowUp
from appointments.tasks import cancel_surplus_bookings, clear_reservation, create_appointment_from_call
from askpro.queues.errors import Unknown
from askpro.queues.models import Job
from calls.models import BookingRequest
from tests.appointments.calcom_stub import CalcomStub, error
from tests.appointments.salon import WISH, wished

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def forgotten(clock: Any) -> BookingRequest:
    """An open request that is older than any live chain."""
    wish = wished()
    clock.shift(600)
    return wish


def sent(actor_name: str) -> int:
    return Job.objects.filter(actor_name=actor_name).count()


def test_incident_06_the_booking_job_is_sent_again_when_there_is_none(forgotten: BookingRequest) -> None:
    sweepers.sweep()
    sweepers.sweep()
    assert sent("create_appointment_from_call") == 1
    job = Job.objects.get(actor_name="create_appointment_from_call")
    assert job.kwargs == {"call_id": forgotten.call_id, "company_id": forgotten.company_id}
    assert sent("update_analytics") == 1


def test_it_leaves_a_young_request_to_its_chain() -> None:
    wished()
    sweepers.sweep()
    assert not Job.objects.exists()


@pytest.mark.parametrize("status", [*Job.LIVE])
def test_it_leaves_a_request_to_its_live_job(forgotten: BookingRequest, status: str) -> None:
    create_appointment_from_call.send(call_id=forgotten.call_id)
    Job.objects.update(status=status)
    sweepers.sweep()
    assert sent("create_appointment_from_call") == 1


def test_requests_whose_jobs_wait_do_not_crowd_out_a_forgotten_one(
    forgotten: BookingRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appointments.sweepers.MOST", 1)
    second = BookingRequest.objects.create(company=forgotten.company, branch=forgotten.company.branches.first())
    BookingRequest.objects.filter(pk=second.pk).update(created_at=forgotten.created_at)
    create_appointment_from_call.send(call_id=forgotten.call_id)
    sweepers.sweep()
    assert Job.objects.filter(tags__contains=[f"request:{second.pk}"]).exists()


def test_it_hands_over_once_when_the_job_is_dead_and_a_retry_still_books(
    forgotten: BookingRequest, calendar: CalcomStub
) -> None:
    create_appointment_from_call.send(call_id=forgotten.call_id)
    Job.objects.update(status="dead")
    sweepers.sweep()
    sweepers.sweep()
    assert FollowUp.objects.get().reason == "job_dead"
    create_appointment_from_call(call_id=forgotten.call_id)
    assert FollowUp.objects.get().status == "obsolete"
    assert Appointment.objects.get().status == "confirmed"


def test_it_leaves_one_entry_to_a_person_when_the_job_died_of_an_outage(
    forgotten: BookingRequest, calendar: CalcomStub, clock: Any
) -> None:
    calendar.free = [WISH.isoformat()]
    for _ in range(2):
        calendar.fail("POST /v2/bookings", error("500"))
        with pytest.raises(Unknown):
            create_appointment_from_call(call_id=forgotten.call_id)
        clock.shift(JUDGED_AFTER)
    create_appointment_from_call.send(call_id=forgotten.call_id)
    Job.objects.update(status="dead")
    sweepers.sweep()
    assert list(FollowUp.objects.filter(status="open").values_list("reason", flat=True)) == ["job_dead"]


def test_it_lets_a_request_wait_for_the_host(calendar: CalcomStub, clock: Any) -> None:
    calendar.status = "pending"
    wish = wished()
    create_appointment_from_call(call_id=wish.call_id)
    clock.shift(600)
    sweepers.sweep()
    assert sent("create_appointment_from_call") == 0


def left_behind(wish: BookingRequest, calendar: CalcomStub, clock: Any, booked: bool) -> Appointment:
    """A reservation whose outcome is unknown, after a person has taken over its request."""
    calendar.fail("POST /v2/bookings", error("500"), after_effect=booked)
    calendar.fail("GET /v2/bookings", error("500"))
    with pytest.raises(Exception, match=r"Cal\.com"):
        create_appointment_from_call(call_id=wish.call_id)
    wish.close(BookingRequest.Status.FOLLOW_UP)
    clock.shift(600)
    return Appointment.objects.get()


@pytest.mark.parametrize("booked", [True, False])
def test_it_cancels_what_a_forgotten_reservation_had_become(calendar: CalcomStub, clock: Any, booked: bool) -> None:
    appointment = left_behind(wished(), calendar, clock, booked)
    sweepers.sweep()
    sweepers.sweep()
    assert sent("clear_reservation") == 1
    clear_reservation(appointment_id=appointment.pk)
    clear_reservation(appointment_id=appointment.pk)
    appointment.refresh_from_db()
    assert appointment.status == "cancelled"
    cancel_surplus_bookings(appointment_id=appointment.pk)
    assert [booking["status"] for booking in calendar.bookings] == (["cancelled"] if booked else [])


def test_it_does_not_ask_again_and_again_when_clearing_is_dead(calendar: CalcomStub, clock: Any) -> None:
    left_behind(wished(), calendar, clock, booked=False)
    sweepers.sweep()
    Job.objects.filter(actor_name="clear_reservation").update(status="dead")
    sweepers.sweep()
    assert sent("clear_reservation") == 1


def test_it_does_its_round_with_few_queries(django_assert_max_num_queries: Any, clock: Any) -> None:
    wished()
    clock.shift(timedelta(hours=1))
    with django_assert_max_num_queries(36):
        sweepers.sweep()
