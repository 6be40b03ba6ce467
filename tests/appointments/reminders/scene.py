"""Helpers of the tests of reminders."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from appointments.models import Appointment, Reminder
from appointments.reminders import due
from appointments.reminders.planning import follow
from notifications.models import Notification
from tests.notifications.scene import change

BERLIN = ZoneInfo("Europe/Berlin")


def planned(appointment: Appointment, *, is_moved: bool = False, **values: Any) -> Appointment:
    """The appointment after a change, with its reminders."""
    changed = change(appointment, **values) if values else appointment
    follow(changed, is_moved=is_moved)
    return changed


def moved(appointment: Appointment, by: timedelta) -> Appointment:
    """The appointment after a move, as the mirror writes it."""
    starts_at = appointment.starts_at + by
    values = {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=30), "version": appointment.version + 1}
    return planned(appointment, is_moved=True, **values)


def rows(appointment: Appointment) -> dict[str, Reminder]:
    """The reminders of the appointment's present start, by kind."""
    return {row.kind: row for row in appointment.reminders.filter(starts_at=appointment.starts_at)}


def states(appointment: Appointment) -> dict[str, str]:
    return {kind: row.reason or row.state for kind, row in sorted(rows(appointment).items())}


def send(clock: Any, at: datetime) -> list[Notification]:
    """Move the clock, run the job of this tick, and return the reminders that it wrote."""
    clock.move_to(at)
    known = set(Notification.objects.values_list("pk", flat=True))
    due.send_due(at)
    return list(Notification.objects.exclude(pk__in=known).order_by("id"))


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A moment in Berlin."""
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)
