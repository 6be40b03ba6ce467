"""Promises that somebody calls back."""

from django.db import transaction
from django.utils import timezone

from appointments.booking.handover import hand_over
from appointments.booking.rules import Problem
from appointments.models import FollowUp
from askpro.reading import clean
from calls.functions.conversation import Answer, Conversation, Outcome, spoken_due
from calls.functions.writing import know_caller, locked, next_ordinal
from calls.models import BookingRequest, Unclear
from calls.wishes.wish import wish_of

LONGEST_CONCERN = 1000


def request_callback(conversation: Conversation) -> Answer:
    """Open work for a person, once in a call, and say by when they call."""
    request = _open(conversation)
    follow_up = FollowUp.objects.filter(booking_request=request, status=FollowUp.Status.OPEN).first()
    due_at = follow_up.due_at if follow_up is not None else request.where.call_back_by(timezone.now())
    spoken = conversation.say("callback", due=spoken_due(conversation, due_at))
    return Answer(Outcome.CALLBACK, "callback", spoken, request=request)


def _open(conversation: Conversation) -> BookingRequest:
    with transaction.atomic():
        call = locked(conversation.call)
        asked = call.booking_requests.filter(unclear=Unclear.CALLBACK, follow_ups__status=FollowUp.Status.OPEN)
        if known := asked.first():
            return known
        wish = wish_of(conversation.asked.statement, call.branch.home)
        know_caller(call, wish, conversation.language)
        request = BookingRequest.objects.create(
            call=call,
            company=call.company,
            ordinal=next_ordinal(call),
            unclear=Unclear.CALLBACK,
            told_on_phone_at=timezone.now(),
            date_words=wish.date_words,
            time_words=wish.time_words,
            service_words=wish.service_words,
            name=wish.name,
            contact_phone=wish.contact_phone or "",
            sms_consent=wish.sms_consent is True,
            notes=_concern(conversation, wish.notes) if call.may_be_quoted else "",
        )
        hand_over(request, Problem(FollowUp.Reason.CALLBACK, Unclear.CALLBACK))
    return request


def _concern(conversation: Conversation, notes: str) -> str:
    return clean(conversation.asked.text("concern", "reason", "anliegen", "grund") or notes, LONGEST_CONCERN)
