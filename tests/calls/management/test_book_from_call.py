"""The command `book_from_call`."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from appointments.models import Appointment, FollowUp
from appointments.tasks import create_appointment_from_call
from calls.models import BookingRequest, Call
from calls.wishes.field_names import Source
from tests.appointments import salon
from tests.appointments.calcom_stub import CalcomStub, error
from tests.appointments.conftest import calendar, clock  # noqa: F401 - fixtures
from tests.appointments.salon import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "calendar")]

COLLECTED = {
    "datum": "am Donnerstag",
    "uhrzeit": "14 Uhr",
    "name": "Ole Linde",
    "dienstleistung": "Haarschnitt",
    "sms_einwilligung": "ja",
}


@pytest.fixture
def call() -> Call:
    """A stored call whose jobs are gone."""
    at = salon.branch(salon.company())
    salon.service(at.company)
    salon.staff(at)
    variables = {Source.COLLECTED: COLLECTED}
    return salon.call(at, from_number="+4915550100456", end_heard_at=NOW, variables=variables)


def run(*options: Any) -> str:
    out = io.StringIO()
    call_command("book_from_call", *map(str, options), stdout=out)
    return out.getvalue()


def test_it_books_what_was_asked_for(call: Call) -> None:
    said = run(call.pk)
    appointment = Appointment.objects.get()
    assert said == f"request 1: booked: appointment {appointment.pk}, 2026-12-03 14:00\n"
    assert (appointment.status, appointment.customer.phone) == ("confirmed", "+4915550100456")


def test_again_it_does_nothing(call: Call) -> None:
    run(call.pk)
    assert run(call.retell_call_id) == "request 1: booked before; nothing was done\n"
    assert Appointment.objects.count() == 1


def test_a_dry_run_shows_the_requests_as_read_and_leaves_no_trace(call: Call, calendar: CalcomStub) -> None:  # noqa: F811
    said = run(call.pk, "--dry-run")
    assert "request 1: waits to be booked\n" in said
    assert "said: am Donnerstag, 14 Uhr, Haarschnitt\n" in said
    assert "time: 2026-12-03 14:00, Europe/Berlin\n" in said
    assert "would be booked at Cal.com\n" in said
    call.refresh_from_db()
    assert call.extracted_at is None and not BookingRequest.objects.exists() and calendar.requests == []


def test_what_is_unclear_goes_to_a_person(call: Call) -> None:
    Call.objects.update(variables={Source.COLLECTED: COLLECTED | {"datum": "irgendwann"}}, status="analyzed")
    assert "would go to a person: Date or time unclear\n" in run(call.pk, "--dry-run")
    said = run(call.pk)
    assert said == f"request 1: a person follows up; follow-up {FollowUp.objects.get().pk}: Date or time unclear\n"


def test_it_leaves_a_call_to_its_job(call: Call) -> None:
    create_appointment_from_call.send(call_id=call.pk)
    with pytest.raises(CommandError, match="A job is at work"):
        run(call.pk)


def test_it_says_when_cal_com_does_not_answer_and_may_be_run_again(call: Call, calendar: CalcomStub) -> None:  # noqa: F811
    calendar.fail("POST /v2/bookings", error("429"))
    with pytest.raises(CommandError, match="What is open stays open"):
        run(call.pk)
    assert BookingRequest.objects.get().status == "open"


def test_a_call_that_asks_for_nothing_is_said_to(call: Call) -> None:
    Call.objects.update(variables={}, status="analyzed")
    assert run(call.pk) == "It asks for nothing.\n"


@pytest.mark.parametrize("written", ["call_nobody", "99999999", "٣"])
def test_an_unknown_call_is_named(call: Call, written: str) -> None:
    with pytest.raises(CommandError, match=f"There is no call {written}"):
        run(written)


def test_a_call_that_lasts_is_left_alone(call: Call) -> None:
    Call.objects.update(end_heard_at=None)
    with pytest.raises(CommandError, match="has not ended"):
        run(call.pk)


def test_an_id_that_two_companies_have_is_asked_about(call: Call) -> None:
    other = salon.branch(salon.company("salon-buche"))
    number = call.phone_number
    Call.objects.create(company=other.company, branch=other, phone_number=number, retell_call_id=call.retell_call_id)
    with pytest.raises(CommandError, match="Several companies"):
        run(call.retell_call_id)
