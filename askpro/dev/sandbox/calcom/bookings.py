"""Every booking of the stand-in, and the rules for creating, moving and ending one."""

import itertools
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from askpro.dev.sandbox.calcom import refusals
from askpro.dev.sandbox.calcom.booking import ACCEPTED, CANCELLED, PENDING, REJECTED, Attendee, Booking
from askpro.dev.sandbox.calcom.diary import BOOKING_WINDOW, Diary
from askpro.dev.sandbox.calcom.refusals import Refused
from askpro.dev.sandbox.calcom.text import new_uid
from askpro.dev.sandbox.world import HOSTS, EventType, Host

FIRST_ID = 903_311


@dataclass(frozen=True, slots=True)
class Moved:
    """`old` as it was. When a host moved a booking with seats, both have the same uid."""

    new: Booking
    old: Booking


class Bookings:
    """`now` is Cal.com's clock. Every method is safe to call from any thread."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.RLock()
        self._ids = itertools.count(FIRST_ID)
        self._bookings: dict[str, Booking] = {}
        self._by_email: defaultdict[str, list[Booking]] = defaultdict(list)
        self._diary = Diary()

    def create(
        self,
        event_type: EventType,
        start: datetime,
        attendees: list[Attendee],
        *,
        pending: bool = False,
        among: frozenset[int] = frozenset(),
        **rest: Any,
    ) -> Booking:
        """Book `start` (UTC) with the first free host, among the ids of `among` if there are any.

        Raises the 400 that Cal.com would answer.
        """
        with self._lock:
            host = self._host(event_type, start, among=among)
            now = self._now()
            end = start + timedelta(minutes=event_type.minutes)
            booking = Booking(
                next(self._ids),
                new_uid(),
                event_type,
                host,
                start,
                end,
                attendees,
                created_at=now,
                updated_at=now,
                **rest,
            )
            booking.status = PENDING if pending else ACCEPTED
            self._keep(booking)
        return booking

    def repeat(
        self, occurrences: int, event_type: EventType, start: datetime, attendees: list[Attendee], **rest: Any
    ) -> list[Booking]:
        """Book once a week, all occurrences or none. Raises the 400."""
        with self._lock:
            starts = [start + timedelta(weeks=week) for week in range(occurrences)]
            for moment in starts:
                self._host(event_type, moment)
            series = {"recurring_uid": str(uuid.uuid4())} | rest
            return [self.create(event_type, moment, list(attendees), **series) for moment in starts]

    def sit(self, seats: int, event_type: EventType, start: datetime, person: Attendee, **rest: Any) -> Booking:
        """Add an attendee to the booking at `start`; a cancelled one is accepted again under its uid.

        Raises the 400, or the 409 when it is full or the person already has a seat.
        """
        with self._lock:
            booking = self._seated(event_type, start)
            if booking is None:
                return self.create(event_type, start, [person], seats=seats, **rest)
            if booking.status == CANCELLED:
                self._host(event_type, start)
                booking.attendees, booking.status, booking.cancellation_reason = [], ACCEPTED, ""
                self._diary.enter(booking)
            booking.seat(person)
            booking.updated_at = self._now()
            self._by_email[person.email.lower()].append(booking)
        return booking

    def stand_up(self, booking: Booking, seat: str) -> Attendee | None:
        """Give one seat back; None when it was the last, which cancels the whole booking instead. Raises the 400."""
        with self._lock:
            person = booking.seated(seat)
            if len(booking.attendees) == 1:
                return None
            booking.attendees.remove(person)
            booking.updated_at = self._now()
        return person

    def move_seats(self, booking: Booking, start: datetime, reason: str) -> Moved:
        """Move the whole booking to another time for the host; it keeps its uid. Raises the 400."""
        with self._lock:
            self._movable(booking.uid)
            self._host(booking.event_type, start, ignoring=booking.uid)
            before = replace(booking)
            self._diary.strike(booking)
            booking.start, booking.end = start, start + timedelta(minutes=booking.event_type.minutes)
            booking.rescheduling_reason, booking.updated_at = reason, self._now()
            self._diary.enter(booking)
        return Moved(booking, before)

    def reassign(self, booking: Booking, host: Host) -> None:
        with self._lock:
            self._diary.strike(booking)
            booking.host, booking.updated_at = host, self._now()
            if booking.status == ACCEPTED:
                self._diary.enter(booking)

    def free_hosts(self, event_type: EventType, start: datetime) -> list[Host]:
        with self._lock:
            return self._diary.free_hosts(event_type, start)

    def mark_absent(self, booking: Booking, absent: dict[str, bool], host: bool) -> None:
        """Note who was absent. Raises the 400 if the booking has not begun."""
        if self._now() < booking.start:
            raise Refused(400, refusals.NOT_BEGUN)
        with self._lock:
            for person in booking.attendees:
                person.absent = absent.get(person.email.lower(), person.absent)
            booking.absent_host, booking.updated_at = host or booking.absent_host, self._now()

    def get(self, uid: str) -> Booking:
        """Raises the 404."""
        booking = self._bookings.get(uid)
        if booking is None:
            raise refusals.unknown(uid)
        return booking

    def cancellable(self, uid: str) -> Booking:
        """The booking, if it can still be cancelled. Raises the 400 or 404."""
        booking = self.get(uid)
        if booking.status in (CANCELLED, REJECTED):
            raise refusals.ended_already(uid)
        if booking.end < self._now():
            raise refusals.Bare(400, "Cannot cancel a booking that has already ended")
        return booking

    def cancel(self, booking: Booking, reason: str, by: str = "") -> None:
        self._end(booking, CANCELLED, cancellation_reason=reason, cancelled_by=by)

    def reject(self, booking: Booking, reason: str) -> None:
        self._end(booking, REJECTED, cancellation_reason=reason)

    def confirm(self, booking: Booking) -> None:
        with self._lock:
            booking.status, booking.updated_at = ACCEPTED, self._now()
            self._diary.enter(booking)

    def reschedule(self, uid: str, start: datetime, *, reason: str, by: str, pending: bool = False) -> Moved:
        """The new booking and the old one, now cancelled. The new one has the metadata. Raises the 400 or 404."""
        with self._lock:
            old = self._movable(uid)
            host = self._host(old.event_type, start, ignoring=uid)
            now = self._now()
            new = replace(
                old,
                id=next(self._ids),
                uid=new_uid(),
                host=host,
                start=start,
                end=start + timedelta(minutes=old.event_type.minutes),
                status=PENDING if pending else ACCEPTED,
                created_at=now,
                updated_at=now,
                metadata=dict(old.metadata),
                attendees=[replace(person) for person in old.attendees],
                rescheduled_from=uid,
                rescheduling_reason=reason,
                rescheduled_by=by,
            )
            self._end(old, CANCELLED, rescheduled_to=new.uid, rescheduled_by=by)
            self._keep(new)
        return Moved(new, old)

    def slots(
        self,
        event_type: EventType,
        start: datetime,
        end: datetime,
        ignoring: str = "",
        among: frozenset[int] = frozenset(),
    ) -> list[datetime]:
        """Free starts between minimum notice and the end of the booking window, including those with a free seat."""
        now = self._now()
        start = max(start, now + timedelta(minutes=event_type.minimum_notice))
        with self._lock:
            last = min(end, now + BOOKING_WINDOW)
            free = set(self._diary.slots(event_type, start, last, ignoring, among))
            return sorted(
                free | {seated.start for seated in self._with_room(event_type) if start <= seated.start < last}
            )

    def fill(self, event_type: EventType, start: datetime) -> list[Booking]:
        """Book `start` for strangers, with every host who is still free."""
        stranger = Attendee("Frieda Schnell", "frieda.schnell@example.org", "Europe/Berlin", "de", "+4915559990000")
        with self._lock:
            hosts = self._diary.free_hosts(event_type, start)
            return [self.create(event_type, start, [replace(stranger)]) for _ in hosts]

    def add_many(self, event_type: EventType, count: int, start: datetime, created_at: datetime) -> None:
        """Add bookings without checking them, to fill the calendar of a large company."""
        host = HOSTS[event_type.hosts[0]]
        with self._lock:
            for number in range(count):
                begins = start + number * timedelta(minutes=15)
                ends = begins + timedelta(minutes=event_type.minutes)
                stranger = Attendee(f"Gast {number}", f"gast.{number}@example.org", "Europe/Berlin", "de")
                times = (begins, ends, [stranger], created_at, created_at)
                booking = Booking(next(self._ids), new_uid(), event_type, host, *times)
                self._bookings[booking.uid] = booking
                self._by_email[stranger.email].append(booking)

    def selected(self, attendee_email: str = "") -> list[Booking]:
        """All, or those of one attendee, oldest first."""
        with self._lock:
            if attendee_email:
                return list(self._by_email[attendee_email.lower()])
            return list(self._bookings.values())

    def gone(self, event_type: EventType) -> Refused:
        """The refusal of a taken slot."""
        many = len(event_type.hosts) > 1
        return Refused(400, refusals.SLOT_GONE_TEAM if many else refusals.SLOT_GONE)

    def _seated(self, event_type: EventType, start: datetime) -> Booking | None:
        alike = (
            booking
            for booking in self._bookings.values()
            if booking.seats and booking.event_type is event_type and booking.start == start
        )
        return next((booking for booking in alike if booking.status in (ACCEPTED, CANCELLED)), None)

    def _with_room(self, event_type: EventType) -> list[Booking]:
        return [
            booking
            for booking in self._bookings.values()
            if booking.event_type is event_type
            and booking.status == ACCEPTED
            and len(booking.attendees) < booking.seats
        ]

    def _host(
        self, event_type: EventType, start: datetime, ignoring: str = "", among: frozenset[int] = frozenset()
    ) -> Host:
        now = self._now()
        if start < now:
            raise Refused(400, refusals.PAST)
        if not timedelta(minutes=event_type.minimum_notice) <= start - now <= BOOKING_WINDOW:
            raise Refused(400, refusals.OUT_OF_BOUNDS)
        free = self._diary.free_hosts(event_type, start, ignoring, among)
        if not free:
            raise self.gone(event_type)
        return free[0]

    def _movable(self, uid: str) -> Booking:
        old = self.get(uid)
        if old.rescheduled_to or old.status in (CANCELLED, REJECTED):
            raise refusals.not_movable(uid, old.rescheduled_to)
        return old

    def _keep(self, booking: Booking) -> None:
        self._bookings[booking.uid] = booking
        for person in booking.attendees:
            self._by_email[person.email.lower()].append(booking)
        # A booking that waits for the host's approval blocks no time, so a repeated request makes a second one.
        if booking.status == ACCEPTED:
            self._diary.enter(booking)

    def _end(self, booking: Booking, status: str, **fields: str) -> None:
        with self._lock:
            booking.status, booking.updated_at = status, self._now()
            for name, value in fields.items():
                setattr(booking, name, value)
            self._diary.strike(booking)
