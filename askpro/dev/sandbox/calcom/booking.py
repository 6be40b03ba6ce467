"""A booking, and how the API shows it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from askpro.dev.sandbox.calcom import refusals
from askpro.dev.sandbox.calcom.text import milliseconds
from askpro.dev.sandbox.world import COMPANY_OF_EVENT_TYPE, TIMEZONE, EventType, Host

ACCEPTED, PENDING, CANCELLED, REJECTED = "accepted", "pending", "cancelled", "rejected"


@dataclass
class Attendee:
    """`seat`, `metadata` and `responses` are used for seats only; otherwise the booking has them."""

    name: str
    email: str
    time_zone: str
    language: str = "en"
    phone: str = ""
    absent: bool = False
    seat: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    responses: dict[str, Any] = field(default_factory=dict)


@dataclass
class Booking:
    """`start` and `end` are in UTC. A reschedule cancels this booking and creates another, unless it has seats.

    Guests are attendees too, listed after the booker. With `seats`, all who share a time share one booking.
    """

    id: int
    uid: str
    event_type: EventType
    host: Host
    start: datetime
    end: datetime
    attendees: list[Attendee]
    created_at: datetime
    updated_at: datetime
    status: str = ACCEPTED
    metadata: dict[str, Any] = field(default_factory=dict)
    responses: dict[str, Any] = field(default_factory=dict)
    guests: list[str] = field(default_factory=list)
    seats: int = 0
    price: int = 0
    recurring_uid: str = ""
    absent_host: bool = False
    cancellation_reason: str = ""
    cancelled_by: str = ""
    rescheduling_reason: str = ""
    rescheduled_by: str = ""
    rescheduled_from: str = ""
    rescheduled_to: str = ""

    @property
    def attendee(self) -> Attendee:
        """The booker; an empty one when the last seat was given back."""
        return self.attendees[0] if self.attendees else Attendee("", "", TIMEZONE)

    @property
    def notes(self) -> str:
        """What the booker wants the host to know."""
        notes = (self.attendee.responses if self.seats else self.responses).get("notes", "")
        return notes if isinstance(notes, str) else ""

    @property
    def title(self) -> str:
        return f"{self.event_type.title} zwischen {self.host.name} und {self.attendee.name}"

    @property
    def location(self) -> str:
        return COMPANY_OF_EVENT_TYPE[self.event_type.id].branch.address

    def seat(self, person: Attendee) -> None:
        """Raises the 409."""
        if any(person.email.lower() == other.email.lower() for other in self.attendees):
            raise refusals.Bare(409, "already_signed_up_for_this_booking_error")
        if len(self.attendees) >= self.seats:
            raise refusals.Refused(409, refusals.SEATS_FULL)
        self.attendees.append(person)

    def seated(self, seat: str) -> Attendee:
        """The attendee who has this seat. Raises the 400."""
        for person in self.attendees:
            if person.seat == seat:
                return person
        raise refusals.Bare(400, "User not a part of this booking")

    def listed(self) -> dict[str, Any]:
        """The booking in the answers of GET, list and cancel."""
        written = {
            "id": self.id,
            "uid": self.uid,
            "title": self.title,
            "description": self.notes,
            "hosts": [_host(self.host)],
            "status": self.status,
            "cancellationReason": self.cancellation_reason or self.rescheduling_reason,
            "cancelledByEmail": self.cancelled_by,
            "start": milliseconds(self.start),
            "end": milliseconds(self.end),
            "duration": self.event_type.minutes,
            "eventType": {"id": self.event_type.id, "slug": self.event_type.slug},
            "eventTypeId": self.event_type.id,
            "attendees": [self._attendee(person) for person in self.attendees],
            "location": self.location,
            "meetingUrl": self.location,
            "absentHost": self.absent_host,
            "createdAt": milliseconds(self.created_at),
            "updatedAt": milliseconds(self.updated_at),
            "icsUid": f"{self.uid}@Cal.com",
        }
        if not self.seats and not self.recurring_uid:
            written["rating"] = None
        if not self.seats:
            written |= {"bookingFieldsResponses": self._responses(self.attendee), "metadata": self.metadata}
        if self.recurring_uid:
            written["recurringBookingUid"] = self.recurring_uid
        if self.guests:
            written["guests"] = self.guests
        return written | self._reschedule()

    def created(self, seat: str = "") -> dict[str, Any]:
        """The booking in the answers of create and reschedule."""
        return self.listed() | ({"seatUid": seat} if seat else {"isPlatformManagedUserBooking": False})

    def legacy(self) -> dict[str, Any]:
        """The booking in the API of 2024-04-15, which a request without cal-api-version gets."""
        return {
            "id": self.id,
            "uid": self.uid,
            "title": self.title,
            "startTime": milliseconds(self.start),
            "endTime": milliseconds(self.end),
            "userId": self.host.id,
            "eventTypeId": self.event_type.id,
            "status": self.status.upper(),
            "paid": False,
            "responses": self._responses(self.attendee),
        }

    def _attendee(self, person: Attendee) -> dict[str, Any]:
        written: dict[str, Any] = {
            "name": person.name,
            "email": person.email,
            "displayEmail": person.email,
            "timeZone": person.time_zone,
            "language": person.language,
            "absent": person.absent,
        }
        written |= {"phoneNumber": person.phone} if person.phone else {}
        if not self.seats:
            return written
        said = self._responses(person)
        # The e-mail address is not among a seat's answers.
        del said["email"], said["displayEmail"]
        return written | {"seatUid": person.seat, "bookingFieldsResponses": said, "metadata": person.metadata}

    def _responses(self, person: Attendee) -> dict[str, Any]:
        own = {"name": person.name, "email": person.email, "displayEmail": person.email}
        return (
            own
            | ({"attendeePhoneNumber": person.phone} if person.phone else {})
            | (person.responses if self.seats else self.responses)
        )

    def _reschedule(self) -> dict[str, str]:
        known = {
            "rescheduledFromUid": self.rescheduled_from,
            "rescheduledToUid": self.rescheduled_to,
            "reschedulingReason": self.rescheduling_reason,
            "rescheduledByEmail": self.rescheduled_by,
        }
        return {name: value for name, value in known.items() if value}


def _host(host: Host) -> dict[str, Any]:
    return {
        "id": host.id,
        "name": host.name,
        "email": host.email,
        "displayEmail": host.email,
        "username": host.username,
        "timeZone": TIMEZONE,
    }
