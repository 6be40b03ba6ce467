"""How an appointment stands, as its customer reads it, and what can be done about it here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from appointments.changes.limits import is_ahead, objection
from appointments.models import Appointment, Change, Detail
from appointments.page.wording import Words

Kind, Status = Change.Kind, Appointment.Status

# How long the page says what came of a wish; then the appointment itself says enough.
NEWS_FOR: Final = timedelta(hours=1)
# Why the customer's own wish was refused → what is said; all others: please call.
REFUSED: Final = {
    Detail.TAKEN: Words.TAKEN,
    Detail.CLOSED: Words.CLOSED,
    Detail.TIME_OVER: Words.TOO_SOON,
    Detail.SHORT_NOTICE: Words.TOO_SOON,
    Detail.REFUSED_PAST: Words.TOO_SOON,
    Detail.REFUSED_BOUNDS: Words.TOO_SOON,
}


class State(Enum):
    """Headline and lead of the page, and the tone of both."""

    BOOKED = Words.BOOKED, Words.BOOKED_LEAD, "good"
    COMING = Words.COMING, Words.COMING_LEAD, "good"
    WAITS = Words.WAITS, Words.WAITS_LEAD, "waits"
    BEING_BOOKED = Words.BEING_BOOKED, Words.BEING_BOOKED_LEAD, "waits"
    BEING_CANCELLED = Words.BEING_CANCELLED, Words.BEING_CANCELLED_LEAD, "waits"
    BEING_MOVED = Words.BEING_MOVED, Words.BEING_MOVED_LEAD, "waits"
    CANCELLED = Words.CANCELLED, Words.CANCELLED_LEAD, "over"
    OVER = Words.OVER, Words.OVER_LEAD, "over"

    @property
    def headline(self) -> Words:
        return self.value[0]

    @property
    def lead(self) -> Words:
        return self.value[1]

    @property
    def tone(self) -> str:
        return self.value[2]


@dataclass(frozen=True, slots=True)
class Standing:
    """An appointment at a moment, with its newest change."""

    appointment: Appointment
    change: Change | None
    now: datetime

    @property
    def state(self) -> State:
        appointment, waits = self.appointment, self._waits_for
        if appointment.status == Status.CANCELLED:
            return State.CANCELLED
        if not is_ahead(appointment, self.now):
            return State.OVER
        if waits is not None:
            return State.BEING_CANCELLED if waits == Kind.CANCEL else State.BEING_MOVED
        if appointment.status == Status.REQUESTED:
            return State.WAITS if appointment.calcom_uid else State.BEING_BOOKED
        return State.COMING if appointment.customer_confirmed_at else State.BOOKED

    @property
    def news(self) -> Words | None:
        """What came of the customer's last wish on this page, while it is news."""
        change = self.change
        if change is None or change.channel != Change.Channel.PAGE or change.state == Change.State.WAITING:
            return None
        if self.now - (change.ended_at or change.created_at) > NEWS_FOR:
            return None
        if change.state == Change.State.REFUSED:
            return refusal(change) if is_ahead(self.appointment, self.now) else None
        return Words.MOVED if self._is_moved_by(change) else None

    @property
    def is_open(self) -> bool:
        """Whether it may be cancelled or moved without a person."""
        return self.appointment.company.books_appointments and self._objection is None

    @property
    def moves_to(self) -> datetime | None:
        """The time that it is being moved to."""
        return self.change.starts_at if self.change is not None and self._waits_for == Kind.MOVE else None

    @property
    def is_fixed(self) -> bool:
        """Whether it belongs in a calendar: confirmed, ahead, and nobody has wished for something else."""
        return self.state in (State.BOOKED, State.COMING)

    @property
    def may_confirm(self) -> bool:
        return self.state == State.BOOKED

    @property
    def may_cancel(self) -> bool:
        return self.is_open and self.state != State.BEING_CANCELLED

    @property
    def may_move(self) -> bool:
        service = self.appointment.service
        is_bookable = service is not None and service.calcom_event_type_id is not None
        stays = self.state in (State.BOOKED, State.COMING, State.WAITS)
        return self.is_open and stays and is_bookable and self.appointment.calcom_uid is not None

    @property
    def why_not(self) -> Words | None:
        """Why it cannot be changed here although it lies ahead."""
        if self.state in (State.CANCELLED, State.OVER) or self.is_open:
            return None
        return Words.TOO_LATE if self._objection == Detail.CHANGE_NOTICE else Words.CALL_US

    @property
    def shown(self) -> tuple[object, ...]:
        """What a form on the page relies on: it is void once one of these is another."""
        return self.appointment.version, self.appointment.starts_at.isoformat(), self.appointment.status

    @property
    def _waits_for(self) -> str | None:
        waits = self.change is not None and self.change.state == Change.State.WAITING and self._is_of_time
        return self.change.kind if waits and self.change is not None else None

    @property
    def _is_of_time(self) -> bool:
        """Whether the newest change is a cancellation or a move; what staff note of it is not the customer's news."""
        return self.change is not None and self.change.kind in Change.OF_TIME

    @property
    def _objection(self) -> Detail | None:
        against = objection(self.appointment, Kind.CANCEL, None)
        return against.detail if against is not None else None

    def _is_moved_by(self, change: Change) -> bool:
        is_done = change.kind == Kind.MOVE and change.state == Change.State.DONE
        return is_done and change.starts_at == self.appointment.starts_at and self.state != State.CANCELLED


def refusal(change: Change) -> Words:
    """What its customer reads of a change that was refused."""
    other = Words.NOT_CANCELLED if change.kind == Kind.CANCEL else Words.NOT_MOVED
    return REFUSED.get(Detail(change.detail), other) if change.detail in Detail.values else other
