"""One booking, and how the API writes it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from askpro.sandbox.calcom.text import milliseconds
from askpro.sandbox.world import COMPANY_OF_EVENT_TYPE, TIMEZONE, EventType, Host

ACCEPTED, PENDING, CANCELLED, REJECTED = "accepted", "pending", "cancelled", "rejected"


@dataclass
class Attendee:
    name: str
    email: str
    time_zone: str
    language: str = "en"
    phone: str = ""


@dataclass
class Booking:
    """`start` and `end` are in UTC. A reschedule leaves this one cancelled and makes another."""

    id: int
    uid: str
    event_type: EventType
    host: Host
    start: datetime
    end: datetime
    attendee: Attendee
    created_at: datetime
    updated_at: datetime
    status: str = ACCEPTED
    metadata: dict[str, Any] = field(default_factory=dict)
    responses: dict[str, Any] = field(default_factory=dict)
    guests: list[str] = field(default_factory=list)
    cancellation_reason: str = ""
    cancelled_by: str = ""
    rescheduling_reason: str = ""
    rescheduled_by: str = ""
    rescheduled_from: str = ""
    rescheduled_to: str = ""

    @property
    def title(self) -> str:
        return f"{self.event_type.title} zwischen {self.host.name} und {self.attendee.name}"

    @property
    def location(self) -> str:
        return COMPANY_OF_EVENT_TYPE[self.event_type.id].branch.address

    def listed(self) -> dict[str, Any]:
        """As GET, list and cancel answer with it."""
        written = {
            "id": self.id,
            "uid": self.uid,
            "title": self.title,
            "description": "",
            "hosts": [_host(self.host)],
            "status": self.status,
            "cancellationReason": self.cancellation_reason or self.rescheduling_reason,
            "cancelledByEmail": self.cancelled_by,
            "start": milliseconds(self.start),
            "end": milliseconds(self.end),
            "duration": self.event_type.minutes,
            "eventType": {"id": self.event_type.id, "slug": self.event_type.slug},
            "eventTypeId": self.event_type.id,
            "attendees": [self._attendee()],
            "location": self.location,
            "meetingUrl": self.location,
            "absentHost": False,
            "createdAt": milliseconds(self.created_at),
            "updatedAt": milliseconds(self.updated_at),
            "rating": None,
            "icsUid": f"{self.uid}@Cal.com",
            "bookingFieldsResponses": self._responses(),
            "metadata": self.metadata,
        }
        if self.guests:
            written["guests"] = self.guests
        return written | self._reschedule()

    def created(self) -> dict[str, Any]:
        """As create and reschedule answer with it."""
        return self.listed() | {"isPlatformManagedUserBooking": False}

    def legacy(self) -> dict[str, Any]:
        """As the API of 2024-04-15 writes it: what a forgotten cal-api-version gets."""
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
            "responses": self._responses(),
        }

    def _attendee(self) -> dict[str, Any]:
        person = self.attendee
        written = {
            "name": person.name,
            "email": person.email,
            "displayEmail": person.email,
            "timeZone": person.time_zone,
            "language": person.language,
            "absent": False,
        }
        return written | ({"phoneNumber": person.phone} if person.phone else {})

    def _responses(self) -> dict[str, Any]:
        person = self.attendee
        own = {"name": person.name, "email": person.email, "displayEmail": person.email}
        return own | ({"attendeePhoneNumber": person.phone} if person.phone else {}) | self.responses

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
