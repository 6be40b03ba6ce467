"""What waits for a time: reminders, freed times, offers and questions. Each goes on or ends when its time has come."""

from datetime import timedelta
from typing import Final

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from appointments.models import Appointment, FreedTime, Offer, Question, Reminder
from appointments.reminders import planning
from askpro.commands.balance import Span, rule

# The schedule looks every five minutes, and its jobs may wait behind others.
GRACE: Final = timedelta(minutes=20)
AT_WORK: Final = "queues_run does it within minutes; if it stays, look at {job} in the console"


@rule(
    "appointment",
    expected="a reminder for each time before the start that is set",
    found="one is missing, or waits for another time",
    advice=AT_WORK.format(job="sweep_appointments"),
)
def a_confirmed_appointment_has_its_reminders(span: Span) -> QuerySet[Appointment]:
    return span.of(planning.forgotten())


@rule(
    "reminder",
    expected="a confirmed appointment at the time that it reminds of",
    found="it waits, and there is none",
    advice="nothing is sent for it; tell the developers",
)
def a_waiting_reminder_is_true(span: Span) -> QuerySet[Reminder]:
    stands = Q(appointment__status=Appointment.Status.CONFIRMED, appointment__starts_at=F("starts_at"))
    return _waiting_reminders(span).exclude(stands)


@rule(
    "reminder",
    expected="a message, or the reason why there is none",
    found="it still waits, {row.due_at:%Y-%m-%d %H:%M} UTC is past",
    advice=AT_WORK.format(job="send_due_reminders"),
)
def a_due_reminder_is_decided(span: Span) -> QuerySet[Reminder]:
    return _waiting_reminders(span).filter(due_at__lt=timezone.now() - GRACE)


@rule(
    "freed time",
    expected="its next step, or its end",
    found="nothing has happened since {row.due_at:%Y-%m-%d %H:%M} UTC",
    advice=AT_WORK.format(job="offer_freed_time"),
)
def a_freed_time_goes_on(span: Span) -> QuerySet[FreedTime]:
    live = FreedTime.objects.filter(state__in=FreedTime.LIVE, due_at__lt=timezone.now() - GRACE)
    return span.of(live)


@rule(
    "offer",
    expected="a freed time that is still offered, and a deadline ahead",
    found="it waits for an answer, and one of them is missing",
    advice=AT_WORK.format(job="offer_freed_time"),
)
def an_open_offer_can_be_accepted(span: Span) -> QuerySet[Offer]:
    waiting = Offer.objects.filter(state=Offer.State.OPEN)
    is_over = ~Q(freed_time__state=FreedTime.State.OPEN) | Q(ends_at__lt=timezone.now() - GRACE)
    return span.of(waiting.filter(is_over))


@rule(
    "offer",
    expected="the booking request that it has become",
    found="it is accepted, and there is none",
    advice="call the customer, who was promised this time",
)
def an_accepted_offer_is_booked(span: Span) -> QuerySet[Offer]:
    accepted = Offer.objects.filter(state__in=(Offer.State.ACCEPTED, Offer.State.BOOKED))
    return span.of(accepted.filter(booking_request=None))


@rule(
    "question",
    expected="an answer, or its end",
    found="it is open, although no answer counts since {row.ends_at:%Y-%m-%d %H:%M} UTC",
    advice=AT_WORK.format(job="send_due_reminders"),
)
def a_question_ends(span: Span) -> QuerySet[Question]:
    late = Question.objects.filter(state=Question.State.OPEN, ends_at__lt=timezone.now() - GRACE)
    return span.of(late, made="asked_at")


@rule(
    "question",
    expected="a confirmed appointment, or an offered time",
    found="it is open, and its appointment does not take place",
    advice="an answer to it goes to a person; tell the developers",
)
def an_open_question_is_about_something(span: Span) -> QuerySet[Question]:
    waiting = Question.objects.filter(state=Question.State.OPEN, appointment__isnull=False)
    return span.of(waiting.exclude(appointment__status=Appointment.Status.CONFIRMED), made="asked_at")


def _waiting_reminders(span: Span) -> QuerySet[Reminder]:
    return span.of(Reminder.objects.filter(state=Reminder.State.DUE))


RULES: Final = (
    a_confirmed_appointment_has_its_reminders,
    a_waiting_reminder_is_true,
    a_due_reminder_is_decided,
    a_freed_time_goes_on,
    an_open_offer_can_be_accepted,
    an_accepted_offer_is_booked,
    a_question_ends,
    an_open_question_is_about_something,
)
