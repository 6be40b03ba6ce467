"""What is true of our own rows: each is settled, or somebody works on it."""

from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from appointments.booking import surplus
from appointments.booking.waiting import BOOKERS, JOB_TAG, unbooked
from appointments.changes import unfinished
from appointments.follow_ups import INTERIM
from appointments.models import Appointment, CalcomUid, Change, Detail, FollowUp
from appointments.models.follow_up import CHANGE, WISH
from askpro import sweeping
from askpro.commands.balance import Span, rule
from askpro.queues.models import Job
from calls.models import BookingRequest

Status = Appointment.Status
Request = BookingRequest.Status
Reason = FollowUp.Reason

# Operators were told of a dead job, which waits for them.
KNOWN: Final = (*Job.LIVE, Job.Status.DEAD)
LATER: Final = "queues_run sends the job within five minutes; if it stays, look at its newest job in the console"


@rule(
    "request",
    expected="a job that books it, or a person who knows",
    found="it is open, and neither is there",
    advice=LATER,
)
def an_open_request_is_worked_on(span: Span) -> QuerySet[BookingRequest]:
    told = FollowUp.objects.filter(booking_request=OuterRef("pk"), status=FollowUp.Status.OPEN, reason=Reason.JOB_DEAD)
    waiting = span.of(unbooked()).filter(~Exists(told))
    return sweeping.without_job(waiting, JOB_TAG, ("identify_customer", *BOOKERS))


@rule(
    "request",
    expected="an appointment with a booking at Cal.com",
    found="it is booked, and there is none",
    advice="sync_calcom --company {company} --now, then balance again; else a person calls back",
)
def a_booked_request_has_its_booking(span: Span) -> QuerySet[BookingRequest]:
    booked = Appointment.objects.filter(booking_request=OuterRef("pk"), calcom_uid__isnull=False)
    return span.of(BookingRequest.objects.filter(status=Request.BOOKED)).filter(~Exists(booked))


@rule(
    "request",
    expected="a follow-up",
    found="it is left to a person, and nobody was asked",
    advice="call back; the request's page shows what was asked for",
)
def a_request_left_to_a_person_has_its_follow_up(span: Span) -> QuerySet[BookingRequest]:
    asked = FollowUp.objects.filter(booking_request=OuterRef("pk"))
    return span.of(BookingRequest.objects.filter(status=Request.FOLLOW_UP)).filter(~Exists(asked))


@rule(
    "request",
    expected="a change of an appointment",
    found="it counts as a cancellation or a move, and its call has changed nothing",
    advice="look at the caller's appointments and call back",
)
def a_changed_request_has_its_change(span: Span) -> QuerySet[BookingRequest]:
    changes = Change.objects.filter(call=OuterRef("call"))
    return span.of(BookingRequest.objects.filter(status=Request.CHANGED)).filter(~Exists(changes))


@rule(
    "appointment",
    expected="a booking at Cal.com",
    found="it is agreed, and has never been booked there",
    advice="book it at Cal.com by hand, or cancel_appointment {row.pk}",
)
def an_agreed_appointment_is_booked(span: Span) -> QuerySet[Appointment]:
    agreed = Appointment.objects.filter(status__in=Appointment.AGREED, calcom_uid=None)
    return span.of(agreed.exclude(source=Appointment.Source.MANUAL))


@rule(
    "appointment",
    expected="a job that releases it",
    found="it is reserved, nobody books it any more, and there is none",
    advice=LATER,
)
def a_reservation_ends(span: Span) -> QuerySet[Appointment]:
    reserved = Appointment.objects.filter(Appointment.IS_RESERVATION).exclude(booking_request__status=Request.OPEN)
    changing = Change.objects.filter(appointment=OuterRef("pk"), state=Change.State.WAITING)
    left = span.of(reserved).filter(~Exists(changing))
    return sweeping.without_job(left, sweeping.tag("appointment"), ("clear_reservation",), KNOWN)


@rule(
    "change",
    expected="a job that carries it out, or a person who knows",
    found="it waits, and neither is there",
    advice=LATER,
)
def a_waiting_change_is_worked_on(span: Span) -> QuerySet[Change]:
    told = FollowUp.objects.filter(
        appointment=OuterRef("appointment"), topic=CHANGE, created_at__gte=OuterRef("created_at")
    )
    waiting = span.of(Change.objects.filter(state=Change.State.WAITING)).filter(~Exists(told))
    return sweeping.without_job(waiting, sweeping.tag("change"), (unfinished.JOB,))


@rule(
    "change",
    expected="an appointment that is cancelled, or at the time that it was moved to",
    found="the change is done, and its appointment does not show it",
    advice="sync_calcom --company {company} --now; else correct the appointment at Cal.com and call the customer",
)
def a_carried_out_change_shows(span: Span) -> QuerySet[Change]:
    same = Change.objects.filter(appointment=OuterRef("appointment"), state=Change.State.DONE)
    newest = Change.objects.filter(pk=Subquery(same.order_by("-id").values("pk")[:1]))
    is_cancelled = Q(appointment__status=Status.CANCELLED)
    not_cancelled = Q(kind=Change.Kind.CANCEL) & ~is_cancelled
    elsewhere = Q(kind=Change.Kind.MOVE) & ~is_cancelled & ~Q(appointment__starts_at=F("starts_at"))
    # One that waits for the host's yes to a further move stands at that time.
    settled = newest.filter(not_cancelled | elsewhere).exclude(appointment__status=Status.REQUESTED)
    return span.of(settled)


@rule(
    "Cal.com booking",
    expected="a job that cancels it, or a person who knows",
    found="nobody wants it, it is booked at Cal.com, and neither is there",
    advice=LATER,
)
def a_surplus_booking_is_cancelled(span: Span) -> QuerySet[CalcomUid]:
    told = FollowUp.objects.filter(appointment=OuterRef("appointment"), reason=Reason.NOT_CANCELLED)
    waiting = span.of(surplus.waiting()).filter(~Exists(told))
    tag = sweeping.tag("appointment", "appointment_id")
    return sweeping.without_job(waiting, tag, ("cancel_surplus_bookings",), KNOWN)


@rule(
    "follow-up",
    expected="settled",
    found="it is open, although its wish is booked or decided",
    advice="look at the appointment, then close the follow-up",
)
def a_settled_wish_asks_nobody(span: Span) -> QuerySet[FollowUp]:
    booked = Q(topic=WISH, booking_request__status=Request.BOOKED, booking_request__appointment__status="confirmed")
    decided = Q(reason__in=INTERIM, booking_request__isnull=False) & ~Q(booking_request__status=Request.OPEN)
    return _open(span).filter(booked | decided)


@rule(
    "follow-up",
    expected="settled",
    found="it is open, although its call was read after all",
    advice="look at the call's requests, then close the follow-up",
)
def a_read_call_asks_nobody(span: Span) -> QuerySet[FollowUp]:
    about_call = _open(span).filter(booking_request=None, appointment=None, call__extracted_at__isnull=False)
    return about_call.filter(reason__in=(Reason.JOB_DEAD, Reason.LOST_CALL))


@rule(
    "follow-up",
    expected="settled",
    found="it says that a change still waits, and none does",
    advice="look at the appointment, then close the follow-up",
)
def an_ended_change_asks_nobody(span: Span) -> QuerySet[FollowUp]:
    waiting = Change.objects.filter(appointment=OuterRef("appointment"), state=Change.State.WAITING)
    return _open(span).filter(~Exists(waiting), topic=CHANGE, detail=Detail.CHANGE_WAITS)


@rule(
    "follow-up",
    expected="settled",
    found="it asks to cancel a booking at Cal.com that is cancelled",
    advice="queues_run settles it within half a minute; else close it",
)
def a_cancelled_booking_asks_nobody(span: Span) -> QuerySet[FollowUp]:
    waiting = surplus.waiting().filter(appointment=OuterRef("appointment"))
    return _open(span).filter(~Exists(waiting), reason=Reason.NOT_CANCELLED)


def _open(span: Span) -> QuerySet[FollowUp]:
    return span.of(FollowUp.objects.filter(status=FollowUp.Status.OPEN))


RULES: Final = (
    an_open_request_is_worked_on,
    a_booked_request_has_its_booking,
    a_request_left_to_a_person_has_its_follow_up,
    a_changed_request_has_its_change,
    an_agreed_appointment_is_booked,
    a_reservation_ends,
    a_waiting_change_is_worked_on,
    a_carried_out_change_shows,
    a_surplus_booking_is_cancelled,
    a_settled_wish_asks_nobody,
    a_read_call_asks_nobody,
    an_ended_change_asks_nobody,
    a_cancelled_booking_asks_nobody,
)
