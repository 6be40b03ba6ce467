"""Callers who hang up while a function still works: somebody knows what became of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from appointments.booking import live
from appointments.changes import request as changes
from appointments.models import Appointment, FollowUp
from askpro.dev.sandbox.client import SandboxClient
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest, Call, Company
from tests.calls.functions.caller import Conversation
from tests.calls.functions.test_after_the_call import COLOUR, WISH, hang_up

AT = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)
UNHEARD = {**WISH, "sms_consent": "nein"}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> Conversation:
    """She hangs up as soon as a booking begins, and the call is read before it ends."""
    conversation, book = Conversation().says(), live.book

    def book_late(request: BookingRequest, patience: float) -> live.Result:
        hang_up(conversation)
        return book(request, patience)

    monkeypatch.setattr(live, "book", book_late)
    return conversation


def test_a_time_that_had_gone_meanwhile_goes_to_a_person(
    salon: Company, sandbox: SandboxClient, hurried: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fill(COLOUR, AT)
    # The booking job of the ended call leaves it to the function that is at work.
    monkeypatch.setattr("appointments.tasks.booker.book_call", lambda call_id: None)
    assert hurried.asks("book_appointment", **WISH)["status"] == "gone"
    follow_up = FollowUp.objects.get()
    assert (follow_up.reason, follow_up.status, Call.objects.get().outcome) == ("slot_gone", "open", "follow_up")
    assert BookingRequest.objects.get().status == "follow_up"


def test_a_booking_that_she_did_not_hear_of_is_told_by_somebody(
    salon: Company, sandbox: SandboxClient, hurried: Conversation
) -> None:
    hurried.asks("book_appointment", **UNHEARD)
    run_jobs()
    assert len(sandbox.bookings("accepted")) == 1 and Appointment.objects.get().status == "confirmed"
    assert FollowUp.objects.get(status="open").reason == "untold"


def test_a_change_that_she_did_not_hear_of_is_told_by_somebody(
    salon: Company, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    Conversation().says().asks("book_appointment", **UNHEARD)
    conversation, carry_out = Conversation().says(), changes._carry_out_now

    def carry_out_late(*arguments: Any) -> None:
        hang_up(conversation)
        carry_out(*arguments)

    monkeypatch.setattr(changes, "_carry_out_now", carry_out_late)
    conversation.asks("cancel_appointment")
    run_jobs()
    assert sandbox.bookings("accepted") == []
    assert FollowUp.objects.get(status="open").reason == "untold"
