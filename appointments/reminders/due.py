"""Sends the reminders whose time has come: each becomes one message by one channel, or the row says why not."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from appointments.models import Appointment, Change, Question, Reminder
from appointments.reminders import planning
from askpro.one_by_one import one_by_one
from notifications import outbox
from notifications.models import Notification
from notifications.quiet_hours import quiet_until
from notifications.reminding import channels
from notifications.text.places import zone_of
from notifications.why import Why

Kind, State = Reminder.Kind, Reminder.State

AT_ONCE: Final = 200


def send_due(now: datetime) -> int:
    """Settle every reminder that is due at `now`, and end the questions whose time is over; returns how many rows.

    After an outage they are late, but only what is still before the start is sent. Each row has its own transaction:
    message, job and state are written together, so that it is sent once whoever stops in between.
    """
    Question.expire(now)
    settled = 0
    for page in _pages(now):
        one_by_one(page, lambda pair: _settle(*pair, now))
        settled += len(page)
    return settled


def _pages(now: datetime) -> Iterator[list[tuple[int, int]]]:
    rows = Reminder.objects.filter(state=State.DUE, due_at__lte=now).order_by("pk")
    last = 0
    while page := list(rows.filter(pk__gt=last).values_list("pk", "appointment_id")[:AT_ONCE]):
        yield page
        last = page[-1][0]


def _settle(reminder_id: int, appointment_id: int, now: datetime) -> None:
    with transaction.atomic():
        # The appointment first, as wherever it is changed: its status and start then hold until the message is written.
        rows = Appointment.objects.select_for_update(of=("self",), no_key=True)
        related = ("company", "branch__company", "customer__company", "booking_request")
        appointment = rows.select_related(*related).get(pk=appointment_id)
        reminder = Reminder.objects.filter(pk=reminder_id, state=State.DUE, due_at__lte=now).first()
        if reminder is None or _may_change(appointment):
            return
        if why := _why_not(reminder, appointment, now):
            reminder.skip(why)
        else:
            _send(reminder, appointment, now)


def _may_change(appointment: Appointment) -> bool:
    """Whether somebody wants it cancelled or moved: the reminder waits for what comes of that."""
    return appointment.changes.filter(state=Change.State.WAITING).exists()


def _why_not(reminder: Reminder, appointment: Appointment, now: datetime) -> Why | None:
    if not planning.stands(appointment, reminder):
        return Why.CHANGED_SINCE
    if not appointment.company.is_active:
        return Why.NO_REMINDER
    if appointment.starts_at <= max(now, timezone.now()):
        return Why.HAS_BEGUN
    return Why.LAST_IS_DUE if reminder.kind == Kind.FIRST and _is_last_due(reminder, now) else None


def _is_last_due(first: Reminder, now: datetime) -> bool:
    """Whether the last reminder has come, or comes now: both at once would be one too many."""
    last = Reminder.objects.filter(appointment=first.appointment_id, starts_at=first.starts_at, kind=Kind.LAST)
    return last.filter(state=State.SENT).exists() or last.filter(state=State.DUE, due_at__lte=now).exists()


def _send(reminder: Reminder, appointment: Appointment, now: datetime) -> None:
    way = channels.way_to(appointment)
    if isinstance(way, Why):
        reminder.skip(way)
        return
    until = _quiet_until(appointment, now) if way.channel == Notification.Channel.SMS else None
    if until is None:
        reminder.send(outbox.remind(appointment, Notification.Kind(reminder.kind), way))
    elif until >= appointment.starts_at:
        reminder.skip(Why.BEGINS_IN_QUIET)
    else:
        reminder.postpone(until)


def _quiet_until(appointment: Appointment, now: datetime) -> datetime | None:
    company = appointment.company
    return quiet_until(now, zone_of(appointment), company.quiet_from, company.quiet_until)
