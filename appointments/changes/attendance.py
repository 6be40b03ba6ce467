"""Decides which attendee an event is about: only events about our own attendee may change our customer's rows.

A booking with seats has one uid for all who share its time, and guests are attendees like the booker. Addresses and
numbers are compared, kept as hashes: those that were given to Cal.com, and what Cal.com turns them into.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.conf import settings

from appointments.calcom.booking import Attendee, Booking
from appointments.models import Appointment

Status = Appointment.Status

# An event type that hides its e-mail field stores this instead of the address that was sent.
_NUMBER_AS_ADDRESS: Final = re.compile(r"\+?([0-9]{6,15})@sms\.cal\.com")
_SHORTEST_NUMBER: Final = 6


def is_about(booking: Booking, appointment: Appointment) -> bool:
    """Whether the news concerns the appointment's own attendee.

    If a booking has one booker, our key is proof. If no attendee is named, or we know none to compare with, the uid
    decides. A row of a booking made at Cal.com stands for the whole booking, so a seat given back does not change it.
    """
    if not booking.seated and booking.key is not None and booking.key == appointment.booking_key:
        return True
    if appointment.source == Appointment.Source.CALCOM and not booking.seated:
        return True
    if appointment.source == Appointment.Source.CALCOM and booking.seat:
        return not booking.ended and not booking.rescheduled_from
    named, ours = marks_of(booking.attendees), marks(appointment)
    return not named or not ours or bool(named & ours)


def about(appointment: Appointment, named: Iterable[Attendee]) -> list[Attendee]:
    """Those of the named attendees who are our own; all, where none is known to compare with."""
    ours = marks(appointment)
    return [attendee for attendee in named if not ours or marks_of([attendee]) & ours]


def note(appointment: Appointment, named: Iterable[Attendee], at: datetime) -> None:
    """Note whether our attendee came, as the newest word (`at`) about it says; the caller holds the row's lock."""
    ours = about(appointment, named)
    is_news = appointment.calcom_event_at is None or at > appointment.calcom_event_at
    if ours and appointment.is_agreed and is_news:
        took_place = Status.COMPLETED if appointment.ends_at <= at else Status.CONFIRMED
        is_absent = any(attendee.absent for attendee in ours)
        appointment.write(status=Status.NO_SHOW if is_absent else took_place, calcom_event_at=at)


def marks(appointment: Appointment) -> frozenset[str]:
    """Hashes by which Cal.com knows our attendee; empty if none are known."""
    texts = (appointment.calcom_email, appointment.attendee_email, appointment.attendee_phone)
    return frozenset(mark for text in texts if (mark := _mark(text)))


def marks_of(attendees: Iterable[Attendee]) -> frozenset[str]:
    texts = (text for attendee in attendees for text in (attendee.email, attendee.phone))
    return frozenset(mark for text in texts if (mark := _mark(text)))


def _mark(text: str) -> str:
    """A hash of an address or a number, independent of how it is written."""
    known = text.strip().lower()
    if number := _NUMBER_AS_ADDRESS.fullmatch(known):
        known = number[1]
    elif "@" not in known:
        known = re.sub(r"[^0-9]", "", known)
        known = known if len(known) >= _SHORTEST_NUMBER else ""
    return hashlib.sha256(f"{settings.SECRET_KEY}:{known}".encode()).hexdigest()[:16] if known else ""
