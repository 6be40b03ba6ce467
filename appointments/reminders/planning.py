"""Which reminders an appointment has, and when: rows that follow each of its changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from appointments.models import Appointment, Question, Reminder
from askpro.one_by_one import one_by_one
from notifications.models import Notification
from notifications.text.places import zone_of
from notifications.why import Why

Kind, State = Reminder.Kind, Reminder.State

# Who heard of the time so shortly before needs no last reminder of it.
HEARD_BEFORE_LAST: Final = timedelta(hours=4)
DAY: Final = 24 * 60
# The setting of each kind, at the service and at the company.
SETTINGS: Final = {Kind.FIRST: "reminder_minutes", Kind.LAST: "last_reminder_minutes"}
# What tells a customer of a time.
TELLS_TIME: Final = (Notification.Kind.CONFIRMATION, Notification.Kind.RESCHEDULED)
# Nothing is reminded of earlier than the longest lead, four weeks.
HORIZON: Final = timedelta(days=30)
AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class _Wanted:
    kind: Reminder.Kind
    minutes: int
    due_at: datetime
    why_not: Why | None


def follow(appointment: Appointment, *, is_moved: bool) -> None:
    """Make rows and questions follow a change, under the appointment's lock."""
    if is_moved or appointment.status != Appointment.Status.CONFIRMED:
        Question.withdraw(appointment=appointment)
    plan(appointment)


def plan(appointment: Appointment) -> None:
    """Make the due rows say what the appointment needs now, under its lock; does nothing when they do."""
    known = {(row.starts_at, row.kind): row for row in appointment.reminders.all()}
    wanted = {(appointment.starts_at, each.kind.value): each for each in _wanted(appointment)}
    for key, row in known.items():
        if row.state == State.DUE and key not in wanted:
            row.void(Why.NO_REMINDER if stands(appointment, row) else Why.CHANGED_SINCE)
    for key, each in wanted.items():
        planned = known.get(key)
        if planned is None:
            _write(appointment, each)
        elif planned.state == State.VOID or (planned.state == State.DUE and planned.minutes != each.minutes):
            planned.plan(each.due_at, each.minutes)
            if each.why_not:
                planned.skip(each.why_not)


def due_at(starts_at: datetime, minutes: int, zone: ZoneInfo) -> datetime:
    """When it is so many minutes before the start. Whole days are those of the calendar: a day before 14:00 is 14:00,
    also when the clocks change in between."""
    days, rest = divmod(minutes, DAY)
    local = starts_at.astimezone(zone)
    earlier = (local.replace(tzinfo=None) - timedelta(days=days)).replace(tzinfo=zone, fold=local.fold)
    return earlier.astimezone(UTC) - timedelta(minutes=rest)


def minutes_of(appointment: Appointment, kind: Reminder.Kind) -> int:
    """How long before the start this kind is sent: the service's setting, else the company's; 0: not at all."""
    own = getattr(appointment.service, SETTINGS[kind]) if appointment.service is not None else None
    return (getattr(appointment.company, SETTINGS[kind]) if own is None else own) or 0


def stands(appointment: Appointment, row: Reminder) -> bool:
    """Whether the appointment still takes place when the reminder says."""
    return appointment.status == Appointment.Status.CONFIRMED and appointment.starts_at == row.starts_at


def plan_forgotten() -> int:
    """Plan the reminders of confirmed appointments that have none, or other ones than are set; returns how many."""
    found = list(forgotten().order_by("starts_at").values_list("pk", flat=True)[:AT_ONCE])
    one_by_one(found, _plan_anew)
    return len(found)


def forgotten() -> QuerySet[Appointment]:
    """Confirmed appointments that lack a reminder, or whose waiting one is due at another time than is set."""
    now = timezone.now()
    ahead = Appointment.objects.filter(
        status=Appointment.Status.CONFIRMED, starts_at__gt=now, starts_at__lt=now + HORIZON
    ).exclude(source=Appointment.Source.CALCOM)
    is_wrong = Q()
    for kind, name in SETTINGS.items():
        ahead = ahead.annotate(**{f"set_{name}": Coalesce(F(f"service__{name}"), F(f"company__{name}"), Value(0))})
        own = Reminder.objects.filter(appointment=OuterRef("pk"), starts_at=OuterRef("starts_at"), kind=kind)
        is_set = Q(**{f"set_{name}__gt": 0})
        is_wrong |= is_set & (~Exists(own) | Exists(own.filter(state=State.VOID)))
        is_wrong |= Q(Exists(own.filter(state=State.DUE).exclude(minutes=OuterRef(f"set_{name}"))))
    return ahead.filter(is_wrong)


def _wanted(appointment: Appointment) -> Iterator[_Wanted]:
    # Cal.com reminds those who booked there.
    is_ours = appointment.source != Appointment.Source.CALCOM
    is_ahead = appointment.starts_at > timezone.now()
    if appointment.status != Appointment.Status.CONFIRMED or not is_ours or not is_ahead:
        return
    heard_at, zone = _heard_at(appointment), zone_of(appointment)
    for kind in Kind:
        if minutes := minutes_of(appointment, kind):
            due = due_at(appointment.starts_at, minutes, zone)
            latest = due if kind == Kind.FIRST else min(due, appointment.starts_at - HEARD_BEFORE_LAST)
            yield _Wanted(kind, minutes, due, Why.HEARD_LATELY if heard_at > latest else None)


def _heard_at(appointment: Appointment) -> datetime:
    """When the customer was last told of the time, or the booking was made where no message says so."""
    told = appointment.notifications.filter(kind__in=TELLS_TIME).order_by("-id")
    return told.values_list("created_at", flat=True).first() or appointment.created_at


def _write(appointment: Appointment, wanted: _Wanted) -> None:
    row = Reminder(
        company_id=appointment.company_id,
        appointment=appointment,
        kind=wanted.kind,
        starts_at=appointment.starts_at,
        minutes=wanted.minutes,
        due_at=wanted.due_at,
    )
    if wanted.why_not is not None:
        row.state, row.reason, row.ended_at = State.SKIPPED, wanted.why_not, timezone.now()
    row.save(force_insert=True)


def _plan_anew(pk: int) -> None:
    with transaction.atomic():
        rows = Appointment.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        appointment = rows.select_related("company", "service", "branch__company").filter(pk=pk).first()
        if appointment is not None:
            plan(appointment)
