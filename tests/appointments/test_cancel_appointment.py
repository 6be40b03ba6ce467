"""The command `cancel_appointment`."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from appointments.booking import booker
from appointments.models import Appointment, Change
from notifications.models import Notification
from tests.appointments.calcom_stub import CalcomStub, timeout
from tests.appointments.salon import wished

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def booked(calendar: CalcomStub) -> Appointment:
    request = wished()
    booker.book_call(request.call_id)
    return Appointment.objects.get()


def run(*options: Any) -> str:
    out = io.StringIO()
    call_command("cancel_appointment", *map(str, options), stdout=out)
    return out.getvalue()


def test_it_cancels_at_cal_com_and_here_and_tells_the_customer(booked: Appointment, calendar: CalcomStub) -> None:
    said = run(booked.pk, "--reason", "Wasserschaden")
    change = Change.objects.get()
    assert said.splitlines()[-1] == f"Cancelled (change {change.pk}); the customer is told."
    assert (change.channel, change.state, change.reason) == ("console", "done", "Wasserschaden")
    assert calendar.bookings[0]["status"] == "cancelled"
    assert Notification.objects.filter(kind="cancellation", channel="sms").count() == 1


def test_again_there_is_nothing_to_do(booked: Appointment) -> None:
    run(booked.pk)
    assert "It is cancelled already: nothing to do." in run(booked.pk)
    assert Change.objects.count() == 1


def test_a_dry_run_changes_nothing(booked: Appointment, calendar: CalcomStub) -> None:
    asked = len(calendar.requests)
    assert "It would be cancelled" in run(booked.pk, "--dry-run")
    assert not Change.objects.exists() and len(calendar.requests) == asked


def test_what_has_begun_is_refused_and_it_says_why(booked: Appointment, clock: Any) -> None:
    clock.shift(10 * 24 * 3600)
    for options in ((), ("--dry-run",)):
        with pytest.raises(CommandError, match=r"cannot be cancelled|Not cancelled"):
            run(booked.pk, *options)


def test_a_job_goes_on_where_cal_com_does_not_answer(booked: Appointment, calendar: CalcomStub) -> None:
    calendar.fail(f"POST /v2/bookings/{booked.calcom_uid}/cancel", timeout)
    assert "a job carries out change" in run(booked.pk)
    assert Change.objects.get().state == "waiting"


def test_an_unknown_one_is_named() -> None:
    with pytest.raises(CommandError, match="There is no appointment 7"):
        run(7)
