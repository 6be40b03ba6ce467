"""What the work after a call makes of what was settled while it lasted."""

from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User

from appointments.models import Appointment, FollowUp
from askpro.console.story import Story
from askpro.dev.sandbox.client import SandboxClient
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest, Call, Company, Customer, FunctionCall
from notifications.models import Notification
from tests.calls.functions.caller import Conversation
from tests.webhooks.signing import post_retell

WISH = {"date": "Donnerstag", "time": "14 Uhr", "service": "Färben", "name": "Jürgen Weiß", "sms_consent": "ja"}
AT = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)
COLOUR = 4712
SAID = {"datum": "Donnerstag", "uhrzeit": "14 Uhr", "dienstleistung": "Färben"}


def hang_up(conversation: Conversation, **collected: Any) -> Call:
    """The call ends, its analysis comes, and everything that follows is done."""
    ended = conversation.ended(collected_dynamic_variables=collected)
    for event in ("call_ended", "call_analyzed"):
        assert post_retell({"event": event, "call": ended | {"call_analysis": {"call_summary": ""}}}).status_code == 204
    run_jobs()
    return Call.objects.get(retell_call_id=ended["call_id"])


def test_what_was_booked_is_not_booked_again(salon: Company, sandbox: SandboxClient) -> None:
    conversation = Conversation().says()
    conversation.asks("book_appointment", **WISH)
    call = hang_up(conversation, **SAID)
    assert (call.outcome, len(sandbox.bookings()), Appointment.objects.count()) == ("booked", 1, 1)
    assert not FollowUp.objects.exists()


def test_what_was_left_to_a_job_is_completed_and_its_follow_up_settled(
    salon: Company, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.functions.conversation.WRITE_WITHIN", 0.0)
    conversation = Conversation().says()
    assert conversation.asks("book_appointment", **WISH)["status"] == "pending"
    call = hang_up(conversation, **SAID)
    assert (call.outcome, len(sandbox.bookings())) == ("booked", 1)
    assert FollowUp.objects.get().status == "obsolete"


def test_a_time_that_had_gone_becomes_work_for_a_person_with_the_times_offered(
    salon: Company, sandbox: SandboxClient
) -> None:
    sandbox.fill(COLOUR, AT)
    conversation = Conversation().says()
    told = conversation.asks("book_appointment", **WISH)
    call = hang_up(conversation, **SAID)
    follow_up = FollowUp.objects.get()
    assert (call.outcome, follow_up.reason) == ("follow_up", "slot_gone")
    assert len(follow_up.alternatives) == len(told["data"]["times"])
    assert not Appointment.objects.filter(status="confirmed").exists()


def test_a_time_that_had_gone_is_forgotten_when_another_was_booked(salon: Company, sandbox: SandboxClient) -> None:
    sandbox.fill(COLOUR, AT)
    conversation = Conversation().says()
    other = conversation.asks("book_appointment", **WISH)["data"]["times"][0]
    conversation.says().asks("book_appointment", **{**WISH, **other})
    call = hang_up(conversation, datum=other["date"], uhrzeit=other["time"], dienstleistung="Färben")
    assert (call.outcome, BookingRequest.objects.filter(status="booked").count()) == ("booked", 1)
    assert not FollowUp.objects.exists()


def test_a_further_wish_that_no_function_heard_is_booked_after_the_call(salon: Company, sandbox: SandboxClient) -> None:
    conversation = Conversation().says()
    conversation.asks("book_appointment", **WISH)
    further = {"datum_2": "Freitag", "uhrzeit_2": "15 Uhr", "dienstleistung_2": "Haarschnitt"}
    hang_up(conversation, **SAID, **further)
    assert list(BookingRequest.objects.order_by("ordinal").values_list("status", flat=True)) == ["booked", "booked"]
    assert len(sandbox.bookings()) == 2


def test_another_time_in_the_agents_fields_is_asked_about_and_not_booked(
    salon: Company, sandbox: SandboxClient
) -> None:
    conversation = Conversation().says()
    conversation.asks("book_appointment", **WISH)
    hang_up(conversation, datum="Freitag", uhrzeit="15 Uhr", dienstleistung="Färben")
    assert (len(sandbox.bookings()), FollowUp.objects.get().reason) == (1, "contradiction")


def test_a_call_back_is_promised_once(salon: Company) -> None:
    conversation = Conversation().says()
    told = conversation.asks("request_callback", concern="Frage zur Rechnung")
    assert told["spoken"] == "Gern. Wir rufen Sie zurück, spätestens heute um zwölf Uhr fünfzehn."
    assert conversation.says().asks("request_callback")["status"] == "callback"
    call = hang_up(conversation, rueckruf_gewuenscht="ja")
    follow_up = FollowUp.objects.get()
    assert (call.outcome, follow_up.reason, follow_up.words) == ("follow_up", "callback", "Frage zur Rechnung")


def test_the_story_of_the_call_tells_what_was_asked_and_said(salon: Company) -> None:
    conversation = Conversation().says()
    conversation.asks("book_appointment", **WISH)
    conversation.again()
    story = Story(Call.objects.get(), User(is_superuser=True, is_active=True))
    (entry,) = [each for each in story.entries if each.title == "The agent asked for book_appointment"]
    assert entry.quote.startswith("Der Termin am Donnerstag") and "Booked" in entry.state
    assert entry.lines == ["Asked again: 1 times; the answer was the same."]


def test_nobody_has_to_call_who_heard_on_the_phone_what_became_of_it(salon: Company) -> None:
    """She agreed to no SMS, so nothing but the answer on the phone tells her."""
    conversation = Conversation().says()
    conversation.asks("book_appointment", **{**WISH, "sms_consent": "nein"})
    conversation.says().asks("reschedule_appointment", new_date="Freitag", new_time="10 Uhr")
    conversation.says().asks("cancel_appointment")
    hang_up(conversation)
    assert [row.status for row in Notification.objects.exclude(kind="staff")] == ["skipped"] * 3
    assert not FollowUp.objects.exists()


def test_somebody_calls_who_could_not_be_told_on_the_phone(salon: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calls.functions.conversation.WRITE_WITHIN", 0.0)
    conversation = Conversation().says()
    assert conversation.asks("book_appointment", **{**WISH, "sms_consent": "nein"})["status"] == "pending"
    hang_up(conversation)
    assert FollowUp.objects.get(status="open").reason == "untold"


@pytest.mark.parametrize(
    ("function", "arguments", "fields"),
    [
        ("cancel_appointment", {}, {"anliegen": "Termin absagen", "datum": "Donnerstag", "uhrzeit": "14 Uhr"}),
        (
            "reschedule_appointment",
            {"new_date": "Freitag", "new_time": "10 Uhr"},
            {"anliegen": "verschieben", "neues_datum": "Freitag", "neue_uhrzeit": "10 Uhr"},
        ),
    ],
)
def test_a_change_that_was_made_is_not_made_again(
    salon: Company, sandbox: SandboxClient, function: str, arguments: dict[str, str], fields: dict[str, str]
) -> None:
    Conversation().says().asks("book_appointment", **WISH)
    conversation = Conversation().says()
    conversation.asks(function, **arguments)
    before = [(each["status"], each["start"]) for each in sandbox.bookings()]
    call = hang_up(conversation, **fields)
    assert call.outcome == "changed" and not FollowUp.objects.exists()
    assert [(each["status"], each["start"]) for each in sandbox.bookings()] == before


def test_booked_and_cancelled_in_one_call_leaves_nothing_to_do(salon: Company, sandbox: SandboxClient) -> None:
    conversation = Conversation().says()
    conversation.asks("book_appointment", **WISH)
    conversation.says("Doch nicht.").asks("cancel_appointment")
    hang_up(conversation, **SAID, anliegen="Termin buchen und wieder absagen")
    assert not sandbox.bookings("accepted") and not FollowUp.objects.exists()


def test_who_was_not_known_is_written_to_in_the_language_that_was_spoken(salon: Company) -> None:
    Conversation().says().asks("book_appointment", **WISH, language="en")
    assert Customer.objects.get().language == "en"
    assert Notification.objects.filter(channel="sms").first().language == "en"


def test_a_company_whose_appointments_askpro_does_not_book_calls_back(salon: Company, sandbox: SandboxClient) -> None:
    Company.objects.update(books_appointments=False)
    conversation = Conversation().says()
    assert conversation.asks("book_appointment", **WISH)["status"] == "handed_over"
    assert conversation.says().asks("cancel_appointment")["status"] == "not_done"
    call = hang_up(conversation, **SAID)
    assert (call.outcome, FollowUp.objects.get().reason, sandbox.bookings()) == ("follow_up", "callback", [])


def test_a_booking_whose_process_died_is_completed_and_not_doubled(
    salon: Company, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = Conversation().says()
    with monkeypatch.context() as patch:
        patch.setattr("calls.functions.booking.live.book", mock.Mock(side_effect=SystemExit))
        with pytest.raises(SystemExit):
            conversation.asks("book_appointment", **WISH)
    assert BookingRequest.objects.get().status == "open" and not FunctionCall.objects.get().answer
    call = hang_up(conversation, **SAID, datum_2="Freitag", uhrzeit_2="15 Uhr", dienstleistung_2="Haarschnitt")
    assert (call.outcome, len(sandbox.bookings())) == ("booked", 2)
