"""Answers to offers of freed times."""

from django.db.models import Q
from django.utils import timezone

from appointments.freed import answers as freed
from appointments.models import Appointment, Offer, Question
from appointments.replies.questions import Heard, Outcome, answers
from notifications import outbox

Answer = Question.Answer


@answers(Question.Kind.OFFER)
def hear_offered(heard: Heard) -> Outcome:
    """JA books the freed time, NEIN passes it on. ABSAGE does, too, unless it may mean an appointment: a person reads
    that.
    """
    if heard.answer == Answer.CANCEL and _has_appointment(heard.question):
        return None
    counts = freed.answer(heard.question, heard.answer)
    if not counts and heard.answer == Answer.YES:
        for offer in Offer.objects.filter(question=heard.question):
            outbox.tell_gone(offer)
    if not counts:
        return "The offer had ended."
    return "The freed time is booked by a job." if heard.answer == Answer.YES else "The freed time goes to the next."


def _has_appointment(question: Question) -> bool:
    """Whether whoever was asked has an appointment ahead."""
    theirs = Q(customer=question.customer_id) if question.customer_id is not None else Q(pk=None)
    rows = Appointment.objects.filter(theirs | Q(attendee_phone=question.number), company=question.company_id)
    stands = (Appointment.Status.REQUESTED, Appointment.Status.CONFIRMED)
    return rows.filter(status__in=stands, starts_at__gt=timezone.now()).exists()
