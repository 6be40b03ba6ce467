"""Whether a message is still true: things change between writing its row and sending it."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from appointments.models import Appointment, Change, Escalation, FollowUp, Offer
from askpro.queues.errors import Release
from notifications.models import Notification, Report
from notifications.why import Why

Kind = Notification.Kind

# The status that an appointment must have when its message is sent.
EXPECTED_STATUS: Final = {
    Kind.CONFIRMATION: Appointment.Status.CONFIRMED,
    Kind.REQUESTED: Appointment.Status.REQUESTED,
    Kind.RESCHEDULED: Appointment.Status.CONFIRMED,
    Kind.STAFF_CHANGED: Appointment.Status.CONFIRMED,
    Kind.CANCELLATION: Appointment.Status.CANCELLED,
    Kind.REMINDER: Appointment.Status.CONFIRMED,
    Kind.LAST_REMINDER: Appointment.Status.CONFIRMED,
    Kind.CANCEL_QUESTION: Appointment.Status.CONFIRMED,
    Kind.STAFF: Appointment.Status.CONFIRMED,
}

# So long a message waits for the end of a cancellation; then a person has been told of that, and the message goes out.
PATIENCE: Final = timedelta(minutes=2)
LOOKED_AGAIN_AFTER: Final = 10.0


def wait_for_cancellation(notification: Notification) -> None:
    """Raise `Release` while its appointment is being cancelled: nothing is confirmed that ends a moment later."""
    if notification.appointment_id is None or notification.kind == Kind.CANCELLATION:
        return
    wanted = Change.objects.filter(
        appointment=notification.appointment_id,
        kind=Change.Kind.CANCEL,
        state=Change.State.WAITING,
        created_at__gt=timezone.now() - PATIENCE,
    )
    if wanted.exists():
        raise Release(LOOKED_AGAIN_AFTER, "its appointment is being cancelled")


def why_not_any_more(notification: Notification) -> Why | None:
    """Why this message must not go out now; None when it still holds."""
    if notification.owner_report is not None:
        return _why_not_told(notification.owner_report)
    if notification.follow_up is not None:
        if notification.follow_up.status != FollowUp.Status.OPEN:
            return Why.FOLLOW_UP_SETTLED
        if _is_of_earlier_round(notification, notification.follow_up):
            return Why.CHANGED_SINCE
        is_late = notification.kind == Kind.CALLBACK and notification.follow_up.due_at <= timezone.now()
        return Why.CALL_BACK_DUE if is_late else None
    if notification.offer is not None:
        return _why_not_offered(Kind(notification.kind), notification.offer)
    kind, appointment = Kind(notification.kind), notification.appointment
    if appointment is not None and appointment.version > notification.version:
        return Why.CHANGED_SINCE
    return why_not_true(kind, appointment)


def why_not_true(kind: Notification.Kind, appointment: Appointment | None) -> Why | None:
    """Why this message must not be sent about the appointment; None if it is true and lies ahead."""
    if appointment is None or appointment.status != EXPECTED_STATUS[kind]:
        return Why.NOT_TRUE
    if appointment.starts_at <= timezone.now() and kind != Kind.STAFF:
        return Why.HAS_BEGUN
    return None


def _is_of_earlier_round(notification: Notification, follow_up: FollowUp) -> bool:
    """Whether it tells of a deadline, and somebody has set a new time since."""
    passed = Escalation.of_version(notification.version)
    return passed is not None and passed[0] < follow_up.round


def _why_not_offered(kind: Notification.Kind, offer: Offer) -> Why | None:
    """An offer must leave its customer time to answer. Who answered too late hears of it until the time has come."""
    now = timezone.now()
    if kind == Kind.OFFER:
        return None if offer.state == Offer.State.OPEN and now <= offer.latest_sending else Why.OFFER_OVER
    return Why.HAS_BEGUN if offer.freed_time.starts_at <= now else None


def _why_not_told(report: Report) -> Why | None:
    """A report counts when it is sent; of a call that was erased, or whose row is gone, nothing is told."""
    is_gone = report.kind == Report.Kind.CALL and (report.call is None or report.call.erased_at is not None)
    return Why.NOT_TRUE if is_gone else None
