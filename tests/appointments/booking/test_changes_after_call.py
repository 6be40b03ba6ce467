"""Callers who cancel or move: what is clear after the call is done, and all else is left to a person."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appointments import follow_ups
from appointments.models import Appointment, Change, Detail, FollowUp
from appointments.tasks import carry_out_change, create_appointment_from_call
from askpro.queues.testing import assert_sent
from calls.models import BookingRequest
from notifications.models import Notification
from tests.appointments.calcom_stub import CalcomStub
from tests.appointments.salon import WISH, staff
from tests.appointments.talks import PHONE, having, heard, talked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "calendar")]

UID = "uid0000000000000000001"
CANCEL: dict[str, Any] = {"anliegen": "Termin absagen", "sms_einwilligung": "ja"}
MOVE: dict[str, Any] = {"anliegen": "verschieben", "neues_datum": "Freitag", "neue_uhrzeit": "15 Uhr"}
FRIDAY = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
THURSDAY_AT_TWO = {"datum": "Donnerstag", "uhrzeit": "14 Uhr"}


def standing() -> Appointment:
    """The caller's one appointment, booked at Cal.com."""
    (appointment,) = having(WISH, calcom_uid=UID)
    return appointment


@pytest.mark.parametrize("said", [{}, THURSDAY_AT_TWO, {"datum": "Donnerstag"}, {"datum": "3.12. nachmittags"}])
def test_the_one_appointment_that_fits_is_cancelled(said: dict[str, str]) -> None:
    appointment = standing()
    talk = talked(CANCEL | said)
    change = Change.objects.get()
    assert (change.kind, change.channel, change.call, change.appointment) == ("cancel", "call", talk, appointment)
    assert_sent(carry_out_change, times=1, change_id=change.pk)
    assert (talk.outcome, talk.booking_requests.get().status) == ("changed", "changed")
    assert not FollowUp.objects.exists()


def test_a_person_who_was_told_that_it_waits_is_asked_no_more() -> None:
    standing()
    talk = heard(CANCEL)
    waiting = follow_ups.open_for(talk.booking_requests.get(), FollowUp.Reason.PROVIDER_DOWN, Detail.TAKES_LONG)
    create_appointment_from_call(call_id=talk.pk)
    waiting.refresh_from_db()
    assert (Change.objects.get().kind, waiting.status) == ("cancel", "obsolete")


def test_a_stated_new_time_is_where_it_is_moved(calendar: CalcomStub) -> None:
    standing()
    talk = talked(MOVE)
    change = Change.objects.get()
    assert (change.kind, change.starts_at, change.before, talk.outcome) == ("move", FRIDAY, WISH, "changed")
    assert not calendar.requests


@pytest.mark.parametrize(
    "said",
    [
        MOVE | {"neue_uhrzeit": ""},
        MOVE | {"neue_uhrzeit": "nachmittags"},
        MOVE | {"neues_datum": "Mittwoch, den 4.12."},
        MOVE | {"neue_uhrzeit": "", "uhrzeit": "15 Uhr"},
        {"anliegen": "verschieben", "datum": "Freitag", "uhrzeit": "15 Uhr"},
        {"anliegen": "verschieben"},
    ],
)
def test_incident_09_without_a_clear_new_time_nothing_is_moved(said: dict[str, str]) -> None:
    standing()
    talk = talked(said)
    assert not Change.objects.exists()
    assert (FollowUp.objects.get().reason, talk.outcome) == ("wants_move", "follow_up")


@pytest.mark.parametrize(
    "said",
    [
        {"datum": "Freitag"},
        {"datum": "Donnerstag", "uhrzeit": "15 Uhr"},
        {"datum": "Donnerstag vormittags"},
        {"datum": "irgendwann"},
        {"uhrzeit": "14 Uhr"},
        {"dienstleistung": "Maniküre"},
        {"mitarbeiter_wunsch": "Frau Unbekannt"},
    ],
)
def test_what_does_not_fit_is_not_cancelled(said: dict[str, str]) -> None:
    standing()
    talked(CANCEL | said)
    assert not Change.objects.exists()
    assert FollowUp.objects.get().reason == "wants_cancel"


def test_of_two_appointments_the_one_is_cancelled_whose_time_was_said() -> None:
    first, second = having(WISH, WISH + timedelta(days=7))
    for number, row in enumerate((first, second)):
        Appointment.objects.filter(pk=row.pk).update(calcom_uid=f"{UID}{number}")
    talked(CANCEL)
    assert not Change.objects.exists()
    talked(CANCEL | {"datum": "10.12.", "uhrzeit": "14 Uhr"})
    assert Change.objects.get().appointment == second


@pytest.mark.parametrize("from_number", ["anonymous", "+4915550100999", ""])
def test_incident_24_nobody_else_changes_it(from_number: str) -> None:
    standing()
    talked(CANCEL | {"telefonnummer": PHONE}, from_number=from_number)
    assert not Change.objects.exists()
    assert FollowUp.objects.get().reason == "wants_cancel"


def test_a_number_that_another_customer_said_is_no_proof() -> None:
    standing()
    Appointment.objects.get().customer.__class__.objects.update(phone="+4915550100998", contact_phone=PHONE)
    Appointment.objects.update(attendee_phone=PHONE)
    talked(CANCEL)
    assert not Change.objects.exists()


def test_within_the_notice_a_person_hears_why() -> None:
    appointment = standing()
    appointment.company.__class__.objects.update(change_notice_minutes=60 * 24 * 7)
    talk = talked(CANCEL)
    asked = FollowUp.objects.get()
    assert (asked.detail, asked.appointment, talk.outcome) == ("change_notice", appointment, "follow_up")


def test_what_was_done_during_the_call_is_only_completed() -> None:
    appointment = standing()
    talk = talked({"dienstleistung": ""})
    Change.objects.create(
        company=appointment.company, appointment=appointment, kind="cancel", channel="phone", call=talk,
        before=WISH, state="done",
    )  # fmt: skip
    request = BookingRequest.objects.create(call=talk, company=talk.company, unclear="cancel")
    create_appointment_from_call(call_id=talk.pk)
    request.refresh_from_db()
    assert (request.status, Change.objects.count()) == ("changed", 1)
    assert not FollowUp.objects.filter(booking_request=request).exists()


def test_a_repeated_job_wants_it_once() -> None:
    standing()
    talk = talked(CANCEL)
    create_appointment_from_call(call_id=talk.pk)
    BookingRequest.objects.update(status="open")
    create_appointment_from_call(call_id=talk.pk)
    assert Change.objects.count() == 1


def test_a_company_that_books_nothing_decides_itself() -> None:
    appointment = standing()
    appointment.company.__class__.objects.update(books_appointments=False)
    talked(CANCEL)
    assert not Change.objects.exists()
    assert FollowUp.objects.get().reason == "wants_cancel"


def test_the_caller_hears_that_a_person_calls_back_and_by_when() -> None:
    appointment = standing()
    staff(appointment.branch, 311, name="Jo Erle")
    talked(CANCEL | {"datum": "Freitag"})
    told = Notification.objects.get(kind="callback")
    assert (told.follow_up, told.customer) == (FollowUp.objects.get(), appointment.customer)
