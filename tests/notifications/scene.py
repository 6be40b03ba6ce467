"""Constants and helpers that the tests of this folder share."""

from datetime import UTC, datetime

from appointments.models import Appointment
from notifications import outbox
from notifications.models import Notification

# A Tuesday, 10:00 in Berlin.
NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
MOBILE = "+4915550100777"


def announced(appointment: Appointment, channel: str, kind: str = "confirmation") -> Notification:
    outbox.announce(appointment, kind)
    return Notification.objects.get(appointment=appointment, channel=channel, kind=kind)


def change(appointment: Appointment, **values: object) -> Appointment:
    """Change the row directly in the database, and read it again."""
    Appointment.objects.filter(pk=appointment.pk).update(**values)
    appointment.refresh_from_db()
    return appointment
