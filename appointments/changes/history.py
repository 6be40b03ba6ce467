"""The history of an appointment's changes: which wish a change at Cal.com carried out, or that it was made there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db.models import Q, QuerySet

from appointments import follow_ups
from appointments.models import Appointment, Change, Detail

Kind, State = Change.Kind, Change.State
CANCELLED, CONFIRMED = Appointment.Status.CANCELLED, Appointment.Status.CONFIRMED


@dataclass(frozen=True, slots=True)
class Before:
    """An appointment before Cal.com's news."""

    status: str
    starts_at: datetime
    ends_at: datetime
    staff_id: int | None

    @classmethod
    def of(cls, appointment: Appointment) -> Self:
        return cls(appointment.status, appointment.starts_at, appointment.ends_at, appointment.staff_id)


def is_cancellation_wanted(appointment: Appointment) -> bool:
    """Whether a wish to cancel it waits: then its end is no bad news that a person has to call about."""
    return appointment.changes.filter(kind=Kind.CANCEL, state=State.WAITING).exists()


def is_cancelled_unbooked(appointment: Appointment) -> bool:
    """Whether it was cancelled before it was booked: a booking that is made after all is then not wanted."""
    is_unbooked = appointment.status == CANCELLED and appointment.calcom_uid is None
    return is_unbooked and appointment.changes.filter(kind=Kind.CANCEL, state=State.DONE).exists()


def note(appointment: Appointment, before: Before) -> None:
    """Note what the news changed, under the appointment's lock."""
    if appointment.status == CANCELLED:
        if before.status != CANCELLED:
            _note_cancelled(appointment, before)
    elif before.status != CANCELLED and appointment.starts_at != before.starts_at:
        _note_moved(appointment, before)
    elif appointment.status == CONFIRMED and before.status != CONFIRMED:
        for change in _moves_to_here(appointment).filter(state=State.REQUESTED):
            finish(change, State.DONE)


def finish(change: Change, state: Change.State) -> bool:
    """End a change that was carried out, and settle what a person was asked about it; False if it was ended before."""
    if not change.end(state):
        return False
    follow_ups.settle_changed(change)
    return True


def replace_row(adopted: Appointment, by: Appointment) -> None:
    """Give the changes of a row that another one replaces to that one."""
    Change.objects.filter(appointment=adopted).update(appointment=by)


def _note_cancelled(appointment: Appointment, before: Before) -> None:
    for change in appointment.changes.filter(kind=Kind.MOVE, state=State.REQUESTED):
        change.end(State.REFUSED, Detail.MOVE_REJECTED)
    wishes = appointment.changes.filter(Q(state=State.WAITING) | Q(state=State.REPLACED, asked_at__isnull=False))
    wish = wishes.filter(kind__in=(Kind.CANCEL, Kind.DECLINE)).order_by("-id").first()
    if wish is not None:
        finish(wish, State.DONE)
    else:
        _write(appointment, before, Kind.CANCEL, State.DONE, reason=appointment.cancellation_reason)


def _note_moved(appointment: Appointment, before: Before) -> None:
    for change in appointment.changes.filter(kind=Kind.MOVE, state=State.REQUESTED).exclude(
        starts_at=appointment.starts_at
    ):
        change.end(State.REPLACED)
    state = State.DONE if appointment.status == CONFIRMED else State.REQUESTED
    wish = _moves_to_here(appointment).filter(~Q(state=State.REPLACED) | Q(asked_at__isnull=False)).first()
    if wish is not None:
        finish(wish, state)
    else:
        _write(appointment, before, Kind.MOVE, state, starts_at=appointment.starts_at)


def _moves_to_here(appointment: Appointment) -> QuerySet[Change]:
    open_states = (State.WAITING, State.REQUESTED, State.REPLACED)
    rows = appointment.changes.filter(kind=Kind.MOVE, starts_at=appointment.starts_at, state__in=open_states)
    return rows.order_by("-id")


def _write(appointment: Appointment, before: Before, kind: Change.Kind, state: Change.State, **values: object) -> None:
    """A change that nobody here wished for was made at Cal.com."""
    change = Change.objects.create(
        company_id=appointment.company_id,
        appointment=appointment,
        kind=kind,
        channel=Change.Channel.CALCOM,
        state=state,
        before=before.starts_at,
        ended_at=appointment.calcom_event_at,
        **values,
    )
    follow_ups.settle_changed(change)
