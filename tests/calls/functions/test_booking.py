"""Booking while the caller is on the line."""

import time
from datetime import UTC, datetime

import pytest

from appointments.models import Appointment, FollowUp
from appointments.tasks import create_appointment_from_call
from askpro.dev.sandbox.client import SandboxClient
from askpro.queues.testing import assert_sent
from calls.functions import conversation as conversation_module
from calls.models import BookingRequest, Call, Company, Customer, FunctionCall
from tests.calls.functions.caller import NUMBER, Conversation

# Thursday, 14:00 in Berlin.
WISH = {"date": "Donnerstag", "time": "14 Uhr", "service": "Färben", "name": "Jürgen Weiß"}
AT = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)
COLOUR = 4712  # one host only


def test_it_books_and_says_so_in_words(salon: Company, sandbox: SandboxClient) -> None:
    told = Conversation().says().asks("book_appointment", **WISH)
    assert told["status"] == "booked"
    assert told["spoken"] == "Der Termin am Donnerstag, dem dritten Dezember, um vierzehn Uhr ist gebucht."
    assert told["data"] | {"appointment": ""} == {
        "date": "2026-12-03",
        "time": "14:00",
        "service": "Färben",
        "staff": "Käthe Grün",
        "appointment": "",
    }
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.starts_at) == ("confirmed", AT)
    assert appointment.calcom_uid == sandbox.bookings("accepted")[0]["uid"]
    assert (Customer.objects.get().phone, Call.objects.get().outcome) == (NUMBER, "booked")


def test_a_repeated_request_is_answered_the_same_and_booked_once(salon: Company, sandbox: SandboxClient) -> None:
    conversation = Conversation().says()
    first = conversation.asks("book_appointment", **WISH)
    assert conversation.again() == first
    assert (FunctionCall.objects.get().repeats, len(sandbox.bookings())) == (1, 1)


def test_the_same_wish_later_in_the_call_is_still_the_same_appointment(salon: Company, sandbox: SandboxClient) -> None:
    conversation = Conversation().says()
    conversation.asks("book_appointment", **WISH)
    told = conversation.says("Ist das jetzt gebucht?").asks("book_appointment", **WISH)
    assert (told["status"], len(sandbox.bookings())) == ("booked", 1)
    assert BookingRequest.objects.count() == 1


def test_incident_02_a_time_that_goes_in_between_is_said_with_others(salon: Company, sandbox: SandboxClient) -> None:
    sandbox.fill(COLOUR, AT)
    conversation = Conversation().says()
    told = conversation.asks("book_appointment", **WISH)
    assert told["status"] == "gone" and told["data"]["times"]
    assert told["spoken"].startswith("Am Donnerstag, dem dritten Dezember, um vierzehn Uhr ist leider gerade vergeben")
    assert BookingRequest.objects.get().status == "dropped" and not FollowUp.objects.exists()
    other = told["data"]["times"][0]
    again = conversation.says().asks("book_appointment", **{**WISH, **other})
    assert (again["status"], len(sandbox.bookings("accepted"))) == ("booked", 2)


def test_incident_30_a_hanging_calendar_gets_an_honest_answer_in_time_and_a_person_knows(
    salon: Company, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_module, "WRITE_WITHIN", 2.0)
    sandbox.fault("calcom.create_booking", latency_ms=4000, drop="before")
    began = time.monotonic()
    conversation = Conversation().says()
    told = conversation.asks("book_appointment", **WISH, sms_consent="ja")
    assert told["status"] == "pending" and told["spoken"].endswith("Wir bestätigen ihn Ihnen per SMS.")
    assert time.monotonic() - began < 2.0
    assert FollowUp.objects.get().reason == "provider_down"
    assert_sent(create_appointment_from_call, call_id=Call.objects.get().pk)


def test_incident_21_what_is_not_clear_is_asked_and_nothing_is_written(salon: Company) -> None:
    conversation = Conversation()
    for changed, about in (
        ({"time": ""}, "no_time"),
        ({"date": "{{datum}}"}, "no_date"),
        ({"date": "Mittwoch, den 3. Dezember"}, "weekday_mismatch"),
        ({"date": "1. November 2026"}, "past_date"),
        ({"date": "2028-01-03"}, "too_far"),
        ({"date": "heute", "time": "11 Uhr"}, "short_notice"),
        ({"service": "Massage"}, "unknown_service"),
        ({"staff": "Berta"}, "unknown_staff"),
    ):
        told = conversation.says().asks("book_appointment", **{**WISH, **changed})
        assert (told["status"], told["data"]["about"]) == ("ask", about)
    assert not BookingRequest.objects.exists()


def test_incident_30_it_says_requested_where_the_host_has_to_agree(salon: Company, sandbox: SandboxClient) -> None:
    sandbox.switch(confirmation_required=[COLOUR])
    told = Conversation().says().asks("book_appointment", **WISH)
    assert told["status"] == "requested" and "angefragt" in told["spoken"]
    assert Appointment.objects.get().status == "requested"


def test_the_work_after_the_call_finds_it_booked(salon: Company, sandbox: SandboxClient) -> None:
    Conversation().says().asks("book_appointment", **WISH)
    create_appointment_from_call(call_id=Call.objects.get().pk)
    assert len(sandbox.bookings()) == 1


def test_what_she_has_from_an_earlier_call_is_not_booked_again(salon: Company, sandbox: SandboxClient) -> None:
    cut = {**WISH, "service": "Haarschnitt"}  # two people do it, so the time is still free
    Conversation().says().asks("book_appointment", **cut)
    told = Conversation().says().asks("book_appointment", **cut)
    assert told["spoken"] == "Den Termin am Donnerstag, dem dritten Dezember, um vierzehn Uhr haben Sie schon."
    assert (told["status"], len(sandbox.bookings())) == ("booked", 1)
    for_her_son = Conversation().says().asks("book_appointment", **{**cut, "name": "Tim Weiß"})
    assert (for_her_son["status"], len(sandbox.bookings())) == ("booked", 2)


def test_after_a_move_in_the_same_call_the_old_time_may_be_booked_and_the_new_is_known(
    salon: Company, sandbox: SandboxClient
) -> None:
    conversation = Conversation().says()
    conversation.asks("book_appointment", **WISH)
    conversation.says().asks("reschedule_appointment", new_date="Freitag", new_time="10 Uhr")
    again = conversation.says().asks("book_appointment", **{**WISH, "date": "Freitag", "time": "10 Uhr"})
    assert (again["status"], len(sandbox.bookings("accepted"))) == ("booked", 1)
    old = conversation.says().asks("book_appointment", **WISH)
    assert (old["status"], len(sandbox.bookings("accepted"))) == ("booked", 2)


def test_another_person_than_was_wished_is_said(salon: Company, sandbox: SandboxClient) -> None:
    wish = {**WISH, "service": "Haarschnitt", "staff": "Ömer"}
    told = Conversation().says().asks("book_appointment", **wish)
    assert told["spoken"].endswith("ist gebucht, aber bei Käthe Grün. Ist Ihnen das recht?")


@pytest.mark.parametrize(
    ("date", "at"),
    [("27.03.2027", datetime(2027, 3, 27, 9, 0, tzinfo=UTC)), ("30.03.2027", datetime(2027, 3, 30, 8, 0, tzinfo=UTC))],
    ids=["before the clocks change", "after"],
)
def test_the_branchs_clock_counts_on_both_sides_of_its_change(
    salon: Company, sandbox: SandboxClient, date: str, at: datetime
) -> None:
    told = Conversation().says().asks("book_appointment", **{**WISH, "date": date, "time": "10 Uhr"})
    assert (told["status"], told["data"]["time"]) == ("booked", "10:00")
    assert datetime.fromisoformat(sandbox.bookings()[0]["start"]) == at == Appointment.objects.get().starts_at
