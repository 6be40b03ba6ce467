"""Whether a message is still worth sending: the world moves on between writing a row and sending it."""

from django.utils import timezone

from appointments.models import Appointment, FollowUp
from notifications.models import Notification

Kind = Notification.Kind

# What has to be true of the appointment when its message goes out.
EXPECTED_STATUS = {
    Kind.CONFIRMATION: Appointment.Status.CONFIRMED,
    Kind.RESCHEDULED: Appointment.Status.CONFIRMED,
    Kind.CANCELLATION: Appointment.Status.CANCELLED,
    Kind.STAFF: Appointment.Status.CONFIRMED,
}


def why_not_any_more(notification: Notification) -> str:
    """Why this message must not go out now, in words; empty when it still holds."""
    if notification.follow_up is not None:
        is_open = notification.follow_up.status == FollowUp.Status.OPEN
        return "" if is_open else "The follow-up is settled."
    appointment = notification.appointment
    if appointment is None or appointment.status != EXPECTED_STATUS[Kind(notification.kind)]:
        return "The appointment is no longer what the message says."
    if appointment.version > notification.version:
        return "The appointment has changed since."
    if appointment.starts_at <= timezone.now() and notification.kind != Kind.STAFF:
        return "The appointment has begun."
    return ""
