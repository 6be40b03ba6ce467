"""Finding, cancelling and moving the caller's own appointments while she is on the line."""

from datetime import UTC, datetime
from typing import Any

import pytest

from appointments.models import Appointment, FollowUp
from askpro.dev.sandbox import world
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.management.commands.seed_demo import seed
from askpro.queues.testing import run_jobs
from calls.models import Company, FunctionCall
from tests.calls.functions.caller import Conversation

WISH = {"date": "Donnerstag", "time": "14 Uhr", "service": "Färben", "name": "Jürgen Weiß", "sms_consent": "ja"}
AT = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)
COLOUR = 4712
FRIDAY = {"new_date": "Freitag", "new_time": "10 Uhr"}


@pytest.fixture
def booked(salon: Company) -> Appointment:
    """She booked in an earlier call."""
    Conversation().says().asks("book_appointment", **WISH)
    return Appointment.objects.get()


def asks(function: str, number: str = "", **arguments: str) -> dict[str, Any]:
    caller = Conversation(number) if number else Conversation()
    return caller.says().asks(function, **arguments)


def test_her_appointment_is_found_by_the_number_she_calls_from(booked: Appointment) -> None:
    told = asks("find_appointment")
    assert told["spoken"] == (
        "Ihr nächster Termin ist am Donnerstag, dem dritten Dezember, um vierzehn Uhr, Färben bei Käthe Grün."
    )
    assert told["data"]["appointments"][0]["appointment"] == str(booked.pk)


@pytest.mark.parametrize("function", ["find_appointment", "cancel_appointment", "reschedule_appointment"])
def test_nobody_else_hears_of_it_or_changes_it(booked: Appointment, function: str) -> None:
    said = {"phone": "+4915550100123", "appointment": str(booked.pk), **FRIDAY}
    for number, status in (("+4915550100999", "none"), ("anonymous", "anonymous"), ("+266696687", "anonymous")):
        told = asks(function, number, **said)
        assert told["status"] == status and "Donnerstag" not in str(told)
    booked.refresh_from_db()
    assert (booked.status, booked.starts_at) == ("confirmed", AT)


def test_incident_25_a_caller_of_another_company_is_not_found(booked: Appointment) -> None:
    seed(world.PRACTICE)
    told = Conversation(to=world.PRACTICE).says().asks("find_appointment")
    assert told["status"] == "none"


def test_it_is_cancelled_here_and_at_cal_com(booked: Appointment, sandbox: SandboxClient) -> None:
    conversation = Conversation().says()
    told = conversation.asks("cancel_appointment", reason="krank")
    assert told["status"] == "cancelled"
    assert told["spoken"] == "Der Termin am Donnerstag, dem dritten Dezember, um vierzehn Uhr ist abgesagt."
    assert conversation.again() == told
    booked.refresh_from_db()
    assert (booked.status, [each["status"] for each in sandbox.bookings()]) == ("cancelled", ["cancelled"])
    later = conversation.says("Wirklich?").asks("cancel_appointment")
    assert later["spoken"].endswith("ist schon abgesagt.")


def test_it_is_moved_and_to_no_other_time(booked: Appointment, sandbox: SandboxClient) -> None:
    told = asks("reschedule_appointment", **FRIDAY)
    assert told["status"] == "moved"
    assert told["spoken"] == ("Der Termin ist verschoben. Er ist jetzt am Freitag, dem vierten Dezember, um zehn Uhr.")
    (live,) = sandbox.bookings("accepted")
    booked.refresh_from_db()
    assert live["start"].startswith("2026-12-04T09:00") and booked.starts_at == datetime(2026, 12, 4, 9, tzinfo=UTC)


def test_who_has_time_at_the_new_time_is_said(salon: Company, sandbox: SandboxClient) -> None:
    cut = {"service": "Haarschnitt", "name": "Jürgen Weiß"}
    asks("book_appointment", "+4915550100999", **cut, date="Freitag", time="10 Uhr")
    booked = asks("book_appointment", **cut, date="Donnerstag", time="14 Uhr")
    told = asks("reschedule_appointment", **FRIDAY)
    hosts = [each["hosts"][0]["name"] for each in sandbox.bookings("accepted")]
    assert (told["status"], told["data"]["staff"]) == ("moved", hosts[-1])
    assert booked["data"]["staff"] != hosts[-1] and told["spoken"].endswith(f"um zehn Uhr, bei {hosts[-1]}.")


def test_a_taken_time_leaves_it_where_it_is_and_others_are_named(booked: Appointment, sandbox: SandboxClient) -> None:
    sandbox.fill(COLOUR, datetime(2026, 12, 4, 9, 0, tzinfo=UTC))
    told = asks("reschedule_appointment", **FRIDAY)
    assert told["status"] == "taken" and told["data"]["times"]
    booked.refresh_from_db()
    assert (booked.status, booked.starts_at) == ("confirmed", AT)


def test_of_several_the_one_that_was_said_is_meant_else_it_is_asked(booked: Appointment) -> None:
    asks("book_appointment", **{**WISH, "date": "Freitag", "time": "15 Uhr"})
    told = asks("cancel_appointment")
    assert (told["status"], told["data"]["about"]) == ("ask", "which_appointment")
    assert len(told["data"]["appointments"]) == 2
    assert asks("cancel_appointment", date="Samstag")["status"] == "ask"
    assert asks("cancel_appointment", date="Freitag")["status"] == "cancelled"
    booked.refresh_from_db()
    assert booked.status == "confirmed"


def test_book_cancel_book_with_the_same_words_is_one_appointment(salon: Company, sandbox: SandboxClient) -> None:
    conversation = Conversation().says()
    statuses = [
        conversation.asks("book_appointment", **WISH)["status"],
        conversation.says("Doch nicht.").asks("cancel_appointment")["status"],
        conversation.says("Doch.").asks("book_appointment", **WISH)["status"],
    ]
    assert statuses == ["booked", "cancelled", "booked"]
    assert len(sandbox.bookings("accepted")) == 1
    assert Appointment.objects.filter(status="confirmed").count() == 1
    assert FunctionCall.objects.count() == 3


def test_a_withheld_number_may_change_what_was_booked_in_this_very_call(salon: Company) -> None:
    conversation = Conversation("anonymous").says()
    conversation.asks("book_appointment", **WISH)
    assert conversation.says().asks("cancel_appointment")["status"] == "cancelled"


def test_the_plain_day_and_time_beside_new_ones_are_the_old(booked: Appointment) -> None:
    asks("book_appointment", **{**WISH, "date": "Freitag", "time": "15 Uhr"})
    told = asks("reschedule_appointment", date="3. Dezember", time="14 Uhr", new_date="Samstag", new_time="10 Uhr")
    assert told["status"] == "moved"
    booked.refresh_from_db()
    assert booked.starts_at == datetime(2026, 12, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        ({"new_date": "", "new_time": ""}, "new_time"),
        ({"new_date": "Freitag", "new_time": ""}, "no_time"),
        ({"new_date": "", "new_time": "10 Uhr"}, "no_date"),
        ({"new_date": "1. November 2026", "new_time": "10 Uhr"}, "past_date"),
        ({"new_date": "Mittwoch, 3. Dezember", "new_time": "10 Uhr"}, "weekday_mismatch"),
    ],
)
def test_a_new_time_that_is_not_clear_is_asked(booked: Appointment, arguments: dict[str, str], about: str) -> None:
    told = asks("reschedule_appointment", **arguments)
    assert (told["status"], told["data"]["about"]) == ("ask", about)


def test_a_hanging_calendar_gets_an_honest_answer_and_a_person_knows(
    booked: Appointment, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.functions.conversation.WRITE_WITHIN", 2.0)
    sandbox.fault("calcom.*", latency_ms=3000, drop="before", times=5)
    told = asks("cancel_appointment")
    assert told["status"] == "pending" and told["spoken"].endswith("Wir bestätigen es Ihnen per SMS.")
    assert FollowUp.objects.filter(status="open").count() == 1


def test_notice_for_changes_is_kept_to(booked: Appointment) -> None:
    Company.objects.update(change_notice_minutes=3 * 24 * 60)
    told = asks("cancel_appointment")
    assert (told["status"], told["data"]["about"]) == ("not_done", "change_too_late")
    booked.refresh_from_db()
    assert booked.status == "confirmed"


def test_what_was_done_already_is_not_asked_about(booked: Appointment, sandbox: SandboxClient) -> None:
    """The agent asks once more, since it heard no answer the first time."""
    asks("book_appointment", **{**WISH, "date": "Samstag", "time": "10 Uhr"})
    conversation = Conversation().says()
    move = {"date": "Donnerstag", "time": "14 Uhr", **FRIDAY}
    assert conversation.asks("reschedule_appointment", **move)["status"] == "moved"
    assert conversation.says().asks("reschedule_appointment", **move)["status"] == "moved"
    cancel = {"date": "Freitag", "time": "10 Uhr"}
    assert conversation.says().asks("cancel_appointment", **cancel)["status"] == "cancelled"
    assert conversation.says().asks("cancel_appointment", **cancel)["status"] == "cancelled"
    assert len(sandbox.bookings("accepted")) == 1


def test_a_wish_that_is_still_to_be_booked_is_found_and_cancelled(
    salon: Company, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = Conversation().says()
    with monkeypatch.context() as patch:
        patch.setattr("calls.functions.conversation.WRITE_WITHIN", 0.0)
        assert conversation.asks("book_appointment", **WISH)["status"] == "pending"
    found = conversation.says().asks("find_appointment")
    assert "noch nicht bestätigt" in found["spoken"] and not found["data"]["appointments"][0]["confirmed"]
    assert conversation.says().asks("cancel_appointment")["status"] == "cancelled"
    run_jobs()
    assert sandbox.bookings() == [] and Appointment.objects.get().status == "cancelled"
    assert [*FollowUp.objects.values_list("reason", "status")] == [("provider_down", "obsolete")]


def test_a_wish_that_is_still_to_be_booked_keeps_its_time_from_others(
    salon: Company, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("calls.functions.conversation.WRITE_WITHIN", 0.0)
        asks("book_appointment", **{**WISH, "staff": "Käthe Grün"})
    told = asks("book_appointment", "+4915550100999", **{**WISH, "staff": "Käthe Grün"})
    assert (told["status"], sandbox.bookings()) == ("gone", [])
    run_jobs()
    assert Appointment.objects.get(status="confirmed").attendee_phone == "+4915550100123"
