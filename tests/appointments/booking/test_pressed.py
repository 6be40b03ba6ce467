"""Staff book one of a follow-up's free times with one press: once, through the same function, told as it is."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from appointments.booking import pressed
from appointments.booking.pressed import Effect
from appointments.models import Appointment, Change, FollowUp
from appointments.tasks import carry_out_change, create_appointment_from_call, create_appointment_from_request
from askpro.queues.testing import assert_sent
from calls.models import BookingRequest
from notifications.models import Notification
from tests.appointments.calcom_stub import CalcomStub, error, timeout
from tests.appointments.salon import NOW, WISH, wished

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

CREATE = "POST /v2/bookings"
FIRST, SECOND, THIRD = (WISH + timedelta(hours=hours) for hours in (1, 2, 3))


def utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture
def follow_up(calendar: CalcomStub) -> FollowUp:
    """The wished time was taken; two others are free."""
    wish = wished(sms_consent=True, contact_phone="+4915550100456")
    calendar.taken = {utc(WISH)}
    calendar.free = [utc(FIRST), utc(SECOND)]
    create_appointment_from_call(call_id=wish.call_id)
    return FollowUp.objects.get()


@pytest.fixture
def lena(db: None) -> User:
    return User.objects.create_user("lena", is_staff=True)


def test_scenario_03_one_press_books_another_time_for_the_caller_and_settles_the_follow_up(
    follow_up: FollowUp, lena: User, calendar: CalcomStub
) -> None:
    assert pressed.offered(follow_up, NOW) == [FIRST, SECOND]
    assert pressed.press(follow_up, FIRST, lena, "de").effect == Effect.BOOKED
    booked = Appointment.objects.get(status="confirmed")
    assert (booked.starts_at, booked.source, booked.customer) == (FIRST, "manual", follow_up.customer)
    assert (booked.call, booked.attendee_phone) == (follow_up.call, "+4915550100456")
    assert follow_up.call is not None
    follow_up.call.refresh_from_db()
    assert follow_up.call.outcome == "booked"
    follow_up.refresh_from_db()
    assert (follow_up.status, follow_up.outcome, follow_up.resolved_by) == ("done", "booked", lena)
    assert follow_up.note_told("en") == "Booked from here."
    assert Notification.objects.filter(kind="confirmation", appointment=booked).exists()
    assert not FollowUp.objects.filter(status="open").exists()


def test_the_same_press_again_books_nothing_more(follow_up: FollowUp, lena: User, calendar: CalcomStub) -> None:
    stale = FollowUp.objects.get()
    for row in (follow_up, stale, FollowUp.objects.get()):
        assert pressed.press(row, FIRST, lena, "de").effect == Effect.BOOKED
    assert pressed.press(FollowUp.objects.get(), SECOND, lena, "de").effect == Effect.NOT_OFFERED
    assert len(calendar.bookings) == 1 and BookingRequest.objects.count() == 2


def test_a_time_that_is_gone_is_said_and_others_are_offered(
    follow_up: FollowUp, lena: User, calendar: CalcomStub, clock: Any
) -> None:
    clock.shift(120)
    calendar.taken.add(utc(FIRST))
    calendar.free = [utc(SECOND), utc(THIRD)]
    told = pressed.press(follow_up, FIRST, lena, "de")
    assert (told.effect, told.times) == (Effect.NOT_DONE, [SECOND, THIRD])
    assert told.why == FollowUp.objects.get().told()
    assert FollowUp.objects.get().status == "open", "nobody is asked a second time"
    assert Notification.objects.filter(kind="staff").count() == 0
    assert pressed.press(follow_up, THIRD, lena, "de").effect == Effect.BOOKED


def test_what_is_not_known_yet_is_not_called_booked_and_a_job_goes_on(
    follow_up: FollowUp, lena: User, calendar: CalcomStub, clock: Any
) -> None:
    calendar.fail(CREATE, timeout)
    assert pressed.press(follow_up, FIRST, lena, "de").effect == Effect.PENDING
    request = BookingRequest.objects.get(booked_by=lena)
    assert_sent(create_appointment_from_request, request_id=request.pk, company_id=request.company_id)
    assert pressed.press(FollowUp.objects.get(), SECOND, lena, "de").effect == Effect.BUSY
    clock.shift(60)
    create_appointment_from_request(request_id=request.pk)
    follow_up.refresh_from_db()
    assert (follow_up.status, follow_up.outcome, follow_up.resolved_by) == ("done", "booked", lena)
    assert len(calendar.bookings) == 1


def test_a_person_who_settles_it_meanwhile_ends_the_booking(
    follow_up: FollowUp, lena: User, calendar: CalcomStub, clock: Any
) -> None:
    calendar.fail(CREATE, timeout)
    pressed.press(follow_up, FIRST, lena, "de")
    assert FollowUp.objects.get().resolve(lena, "Rief selbst an.", FollowUp.Outcome.NOT_WANTED)
    clock.shift(60)
    create_appointment_from_request(request_id=BookingRequest.objects.get(booked_by=lena).pk)
    assert calendar.bookings == []


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", ["400.validation", "403"])
def test_a_refusal_is_said_on_the_follow_up_in_the_language_of_who_pressed(
    follow_up: FollowUp, lena: User, calendar: CalcomStub, name: str, language: str
) -> None:
    calendar.fail(CREATE, error(name))
    told = pressed.press(follow_up, FIRST, lena, language)
    assert told.effect == Effect.NOT_DONE and told.why
    assert FollowUp.objects.get().told(language) == told.why


@pytest.mark.parametrize("time", [THIRD, WISH, NOW - timedelta(days=1)])
def test_what_was_not_offered_is_not_booked(
    follow_up: FollowUp, lena: User, calendar: CalcomStub, time: datetime
) -> None:
    asked = len(calendar.requests)
    assert pressed.press(follow_up, time, lena, "de").effect == Effect.NOT_OFFERED
    assert len(calendar.requests) == asked


def test_times_that_are_over_are_not_offered(follow_up: FollowUp, lena: User) -> None:
    assert pressed.offered(follow_up, FIRST) == [SECOND]
    FollowUp.objects.update(booking_request=None)
    assert pressed.offered(FollowUp.objects.get(), NOW) == [], "nobody knows what would be booked"


def test_a_wish_to_move_moves_that_appointment(lena: User, calendar: CalcomStub) -> None:
    wish = wished()
    create_appointment_from_call(call_id=wish.call_id)
    booked = Appointment.objects.get()
    follow_up = FollowUp.objects.create(
        company=booked.company,
        branch=booked.branch,
        appointment=booked,
        customer=booked.customer,
        reason="wants_move",
        topic="change",
        alternatives=[FIRST.isoformat()],
        due_at=NOW + timedelta(hours=2),
    )
    assert pressed.press(follow_up, FIRST, lena, "de", patience=0).effect == Effect.PENDING
    change = Change.objects.get()
    assert (change.channel, change.user, change.starts_at) == ("console", lena, FIRST)
    assert_sent(carry_out_change, change_id=change.pk, appointment_id=booked.pk, company_id=booked.company_id)
    assert pressed.press(follow_up, FIRST, lena, "de", patience=0).effect == Effect.PENDING
    assert Change.objects.count() == 1
