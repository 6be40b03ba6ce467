"""The jobs of this app.

`company_id` says whose turn it is (`fair_by`); jobs that an earlier release has sent come without it.
"""

from datetime import datetime
from typing import Final

from django.db.models import Prefetch
from django.utils import timezone

from appointments.models import Appointment, FollowUp, Offer
from askpro.by_name import job
from askpro.queues import MIN, Gone, H, S, actor
from notifications import mail, outbox, sms
from notifications.attempts import TIME_LIMIT_MS
from notifications.delivery import poll, reports, untold
from notifications.models import Notification, Report
from notifications.reports import due
from notifications.twilio.event import Kind, TwilioEvent
from webhooks.models import WebhookEvent

# The first pause is longer than judging an unknown outcome takes; both together outlast an outage of five minutes.
SMS_BACKOFF: Final = (45 * S, 6 * MIN)
EMAIL_BACKOFF: Final = (45 * S, 6 * MIN, 30 * MIN, 2 * H)
FOR_MESSAGES: Final = "process_inbound_sms"
# What a message can be about, each with what its text needs. It is about one of them: one query that joins them all
# takes PostgreSQL seventy times as long to plan as to execute.
_ABOUT: Final = (
    Prefetch(
        "appointment",
        Appointment.objects.select_related("company", "booking_request", "branch__company", "staff", "service"),
    ),
    Prefetch(
        "follow_up",
        FollowUp.objects.select_related(
            "company", "branch__company", "customer", "booking_request", "appointment__booking_request"
        ),
    ),
    Prefetch(
        "offer",
        Offer.objects.select_related(
            "freed_time__branch__company", "freed_time__service", "follow_up__booking_request", "waiting_entry"
        ),
    ),
    Prefetch(
        "owner_report",
        Report.objects.select_related("company", "call__branch__company", "call__customer"),
    ),
)


@actor(
    queue_name="notifications",
    max_retries=4,
    backoff=(5 * S, 30 * S, 2 * MIN, 10 * MIN),
    atomic=True,
    fair_by="company:{company_id}",
    tags=("call:{call_id}",),
)
def send_appointment_confirmation(call_id: int, company_id: int | None = None) -> None:
    """Write the missing confirmations of what was booked in this call; other jobs send them.

    Usually none is missing: a confirmation is written in the transaction that mirrors the booking.

    Writes: Notification, FollowUp, Job
    """
    # A later version was already announced by the message that raised it.
    booked = Appointment.objects.select_for_update(of=("self",)).filter(
        call_id=call_id, status=Appointment.Status.CONFIRMED, version=1
    )
    for appointment in booked.select_related("company", "branch", "customer", "booking_request").order_by("id"):
        outbox.announce(appointment, Notification.Kind.CONFIRMATION)
    untold.judge_changes(call_id)


@actor(
    queue_name="notifications",
    max_retries=2,
    backoff=SMS_BACKOFF,
    time_limit=TIME_LIMIT_MS,
    deadline=24 * H,
    fair_by="company:{company_id}",
    tags=("notification:{notification_id}",),
)
def send_sms_notification(notification_id: int, company_id: int | None = None) -> None:
    """Send one SMS.

    Writes: Notification, OptOut, FollowUp, Job
    Calls: Twilio: messages (create, list)
    """
    notification = _unsent(notification_id)
    if notification is not None:
        sms.send(notification)


@actor(
    queue_name="notifications",
    max_retries=4,
    backoff=EMAIL_BACKOFF,
    time_limit=TIME_LIMIT_MS,
    deadline=24 * H,
    fair_by="company:{company_id}",
    tags=("notification:{notification_id}",),
)
def send_email_notification(notification_id: int, company_id: int | None = None) -> None:
    """Send one e-mail.

    Writes: Notification, FollowUp, Job
    Calls: the mail server
    """
    notification = _unsent(notification_id)
    if notification is not None:
        mail.send(notification)


@actor(
    queue_name="low",
    max_retries=4,
    backoff=EMAIL_BACKOFF,
    time_limit=TIME_LIMIT_MS,
    deadline=24 * H,
    fair_by="company:{company_id}",
    tags=("notification:{notification_id}",),
)
def send_report(notification_id: int, company_id: int | None = None) -> None:
    """Send one report by mail, with the numbers of this moment.

    Writes: Notification, Job
    Calls: the mail server
    """
    notification = _unsent(notification_id)
    if notification is not None:
        mail.send(notification)


@actor(queue_name="low", max_retries=2, time_limit=2 * MIN, unique_by="due-reports", silenced=True)
def send_due_reports(now: str = "") -> None:
    """Write the reports that are due, each minute; `now` (ISO) stands in for the clock.

    Writes: Report, Notification, Job
    """
    due.write(datetime.fromisoformat(now) if now else timezone.now())


@actor(
    queue_name="webhooks",
    max_retries=4,
    backoff=(5 * S, 30 * S, 2 * MIN, 10 * MIN),
    atomic=True,
    tags=("event:{event_id}",),
)
def process_twilio_webhook(event_id: int) -> None:
    """Apply one of Twilio's reports on a message of ours.

    Writes: WebhookEvent, Notification, OptOut, FollowUp, Job
    """
    event = WebhookEvent.take(event_id)
    if event is None:
        return
    told = TwilioEvent.from_fields(event.payload)
    if told.kind == Kind.MESSAGE:
        # Earlier releases sent this job for customers' answers, too. `appointments` works on them, and imports this.
        job(FOR_MESSAGES).send(event_id=event_id)
    else:
        reports.receive(event, told)


@actor(
    queue_name="low",
    max_retries=2,
    backoff=(1 * MIN, 5 * MIN),
    time_limit=TIME_LIMIT_MS,
    urgency="last",
    fair_by="company:{company_id}",
    tags=("notification:{notification_id}",),
)
def check_sms_delivery(notification_id: int, company_id: int | None = None) -> None:
    """Ask Twilio what became of an SMS that has no report, or no price.

    Writes: Notification, OptOut, FollowUp, Job
    Calls: Twilio: one message
    """
    poll.check(notification_id)


def _unsent(notification_id: int) -> Notification | None:
    """The notification with all that its text needs; None if it is no longer to be sent. Raises `Gone`."""
    rows = Notification.objects.select_related("company", "customer").prefetch_related(*_ABOUT)
    try:
        notification = rows.get(pk=notification_id)
    except Notification.DoesNotExist as error:
        raise Gone("The notification no longer exists.") from error
    return None if notification.is_over else notification
