"""Sends a confirmation once more, to a customer who did not get it or has lost it."""

from django.db import transaction
from django.utils import timezone

from appointments.changes.limits import is_ahead
from appointments.models import Appointment
from notifications import outbox
from notifications.models import Notification


def may_resend(appointment: Appointment) -> bool:
    """Whether there is something to confirm: it stands and lies ahead, and it is not Cal.com that tells of it."""
    is_ours = appointment.source != Appointment.Source.CALCOM and appointment.erased_at is None
    stands = appointment.status == Appointment.Status.CONFIRMED
    return is_ours and stands and is_ahead(appointment, timezone.now())


def resend(appointment: Appointment) -> list[Notification]:
    """Write the confirmation again, by every channel; returns the messages, none if nothing is to be confirmed.

    It is a new version of the appointment, so that the messages of earlier ones, if they still wait, are dropped.
    """
    with transaction.atomic():
        rows = Appointment.objects.select_for_update(of=("self",))
        held = rows.select_related("company", "branch__company", "customer", "booking_request").get(pk=appointment.pk)
        if not may_resend(held) or not held.write(version=held.version + 1):
            return []
        return outbox.repeat_confirmation(held)
