"""What is true of our own rows of messages."""

from collections.abc import Iterable
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from appointments.models import Appointment, FollowUp
from askpro import sweeping
from askpro.commands.balance import Span, rule
from notifications import sending
from notifications.delivery import untold
from notifications.models import Notification

Kind = Notification.Kind
Channel = Notification.Channel
Status = Notification.Status

# Each says when the appointment is: of one version a customer reads one of them.
TELLS_TIME: Final = (Kind.CONFIRMATION, Kind.RESCHEDULED)
TELLS_STANDING: Final = (*TELLS_TIME, Kind.STAFF_CHANGED)


@rule(
    "appointment",
    expected="a message to the customer about version {row.version}, or a person who tells it",
    found="it is confirmed, and neither is there",
    advice="call the customer",
)
def a_confirmed_appointment_is_told(span: Span) -> QuerySet[Appointment]:
    confirmed = span.of(_told_by_us().filter(status=Appointment.Status.CONFIRMED))
    in_writing = _about_newest().filter(kind__in=TELLS_STANDING)
    by_sms = in_writing.filter(channel=Channel.SMS)
    unwritten = Q(~Exists(in_writing)) | Q(~Exists(by_sms), company__sms_enabled=True)
    return confirmed.filter(unwritten, ~Exists(_asked_to_tell()))


@rule(
    "appointment",
    expected="a message to the customer that it is cancelled, or a person who tells it",
    found="the customer knew of it, and neither is there",
    advice="call the customer",
)
def a_cancellation_is_told(span: Span) -> QuerySet[Appointment]:
    known = _told_by_us().filter(status=Appointment.Status.CANCELLED, version__gt=1, cancelled_at__lt=F("starts_at"))
    told = _about_newest().filter(kind=Kind.CANCELLATION)
    # Who gave neither number nor address is told by a person.
    return span.of(known).filter(~Exists(told), ~Exists(_asked_to_tell()))


@rule(
    "appointment",
    expected="a customer who was told, or a person who tells it",
    found="no message about version {row.version} reached anybody",
    advice="call the customer",
)
def nobody_is_left_untold(span: Span) -> Iterable[Appointment]:
    ahead = _told_by_us().filter(starts_at__gt=timezone.now()).exclude(status=Appointment.Status.REQUESTED)
    related = ("company", "branch__company", "customer", "call", "booking_request")
    reached = _about_newest().filter(status__in=(Status.SENT, Status.DELIVERED)).exclude(channel=Channel.SMS)
    delivered = _about_newest().filter(status=Status.DELIVERED)
    in_question = span.of(ahead).filter(~Exists(reached), ~Exists(delivered)).select_related(*related)
    return (appointment for appointment in in_question.iterator() if untold.is_left_untold(appointment))


@rule(
    "message",
    expected="one SMS about version {row.version} of appointment {row.appointment_id}",
    found="an earlier one said the same",
    advice="nothing can be done; tell the developers",
)
def a_customer_is_told_once(span: Span) -> QuerySet[Notification]:
    sent = Notification.objects.filter(channel=Channel.SMS, kind__in=TELLS_TIME, status__in=Notification.HANDED_OVER)
    same = sent.filter(appointment=OuterRef("appointment"), version=OuterRef("version"), pk__lt=OuterRef("pk"))
    return span.of(sent).filter(Exists(same))


@rule(
    "message",
    expected="a job that sends it",
    found="it is {row.status}, and there is none",
    advice="queues_run sends the job within minutes; if one is dead, correct what it says, then queues_retry it",
)
def an_unsent_message_has_its_job(span: Span) -> QuerySet[Notification]:
    unsent = span.of(Notification.objects.filter(status__in=Notification.UNSENT))
    return sweeping.without_job(unsent, sweeping.tag("notification"), sending.JOBS.values())


@rule(
    "message",
    expected="Twilio's id",
    found="it counts as sent, and has none",
    advice="look for it in Twilio's console; the customer may not have got it",
)
def a_sent_sms_has_its_id(span: Span) -> QuerySet[Notification]:
    sent = Notification.objects.filter(channel=Channel.SMS, status__in=(Status.SENT, Status.DELIVERED))
    return span.of(sent.filter(provider_id=None))


@rule(
    "message",
    expected="at most one more try after an unclear answer, of a mail; four of an SMS",
    found="{row.reopened}",
    advice="nothing can be done; tell the developers",
)
def a_message_is_not_sent_over_and_over(span: Span) -> QuerySet[Notification]:
    most = Notification.MOST_REOPENED
    too_often = [Q(channel=channel, reopened__gt=times) for channel, times in most.items()]
    return span.of(Notification.objects.filter(too_often[0] | too_often[1]))


def _told_by_us() -> QuerySet[Appointment]:
    """Cal.com tells those who booked there; what staff entered by hand, they tell."""
    return Appointment.objects.exclude(source__in=(Appointment.Source.CALCOM, Appointment.Source.MANUAL))


def _about_newest() -> QuerySet[Notification]:
    rows = Notification.objects.filter(appointment=OuterRef("pk"), version=OuterRef("version"))
    return rows.exclude(kind__in=Notification.TO_STAFF)


def _asked_to_tell() -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(appointment=OuterRef("pk"), reason=FollowUp.Reason.UNTOLD)


RULES: Final = (
    a_confirmed_appointment_is_told,
    a_cancellation_is_told,
    nobody_is_left_untold,
    a_customer_is_told_once,
    an_unsent_message_has_its_job,
    a_sent_sms_has_its_id,
    a_message_is_not_sent_over_and_over,
)
