"""Answers to reminders: whether the customer comes, and whether really to cancel."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.utils import timezone

from appointments.changes.limits import is_ahead, objection
from appointments.changes.request import Origin, cancel
from appointments.models import Appointment, Change, Question
from appointments.replies.questions import Heard, Outcome, answers
from calls.models import Company
from notifications import outbox

Answer = Question.Answer

BY_SMS: Final = Origin(Change.Channel.SMS)
# So long a customer who wrote ABSAGE may think about it.
REALLY_FOR: Final = timedelta(hours=12)


@answers(Question.Kind.REMINDER)
def hear_reminded(heard: Heard) -> Outcome:
    """JA is noted. ABSAGE and NEIN are asked back, once: a word in a hurry must not cost the appointment."""
    question, appointment = heard.question, _held(heard.question)
    if not question.is_open:
        return _heard_before(heard)
    if appointment is None or not is_ahead(appointment, timezone.now()):
        return None
    if heard.answer == Answer.YES and question.take(heard.answer):
        appointment.note_confirmed_by_customer()
        return "The customer comes."
    outcome = ask_back(appointment, question, heard.words)
    if outcome is not None:
        question.take(heard.answer)
    return outcome


@answers(Question.Kind.CANCEL)
def hear_asked_back(heard: Heard) -> Outcome:
    """JA, or ABSAGE once more, cancels; NEIN leaves it as it is."""
    question, appointment = heard.question, _held(heard.question)
    if not question.take(heard.answer):
        return _heard_before(heard)
    if heard.answer == Answer.NO:
        return "The appointment stays."
    return cancel(appointment, BY_SMS, heard.words) if appointment is not None else None


def ask_back(appointment: Appointment, asked: Question, words: str) -> Outcome:
    """Ask whether really to cancel, by the number and sender of the question before; None if no SMS may go there.

    What a person must decide is not asked back: the refused change says why.
    """
    if objection(appointment, Change.Kind.CANCEL, None) is not None:
        return cancel(appointment, BY_SMS, words)
    message = outbox.ask_back(appointment, asked.number)
    if message is None:
        return None
    Question.ask(
        kind=Question.Kind.CANCEL,
        company=appointment.company,
        customer=appointment.customer,
        appointment=appointment,
        notification=message,
        number=asked.number,
        sender=asked.sender,
        ends_at=min(timezone.now() + REALLY_FOR, appointment.starts_at),
    )
    return "The customer is asked whether really to cancel."


def ask_about_newest(
    number: str, senders: Iterable[str], companies: Iterable[Company], words: str
) -> tuple[Outcome, Company | None]:
    """Ask back about the appointment of the newest question, where ABSAGE may mean several; also whose it is."""
    question = Question.meant(number, senders, companies)
    appointment = _held(question) if question is not None else None
    if question is None or appointment is None or question.kind == Question.Kind.OFFER:
        return None, None
    if not is_ahead(appointment, timezone.now()):
        return None, None
    return ask_back(appointment, question, words), question.company


def _held(question: Question) -> Appointment | None:
    """The appointment that it is about, locked before the question, as where a change withdraws it."""
    rows = Appointment.objects.select_for_update(of=("self",), no_key=True)
    related = ("company", "service", "branch__company", "customer__company", "booking_request")
    appointment = rows.select_related(*related).filter(questions=question).first()
    question.refresh_from_db(fields=["state", "answer"])
    return appointment


def _heard_before(heard: Heard) -> Outcome:
    is_same = heard.question.state == Question.State.ANSWERED and heard.question.answer == heard.answer
    return "Answered before." if is_same else None
