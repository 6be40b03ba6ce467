"""What Cal.com's booking webhooks say, each with its own spelling of times and its own set of fields."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from askpro.sandbox.calcom.booking import ACCEPTED, PENDING, Attendee, Booking
from askpro.sandbox.calcom.text import milliseconds, offset, seconds
from askpro.sandbox.exchange import compact
from askpro.sandbox.world import TIMEZONE

CREATED = "BOOKING_CREATED"
REQUESTED = "BOOKING_REQUESTED"
RESCHEDULED = "BOOKING_RESCHEDULED"
CANCELLED = "BOOKING_CANCELLED"
REJECTED = "BOOKING_REJECTED"


def envelope(trigger: str, now: datetime, payload: dict[str, Any]) -> bytes:
    return compact({"triggerEvent": trigger, "createdAt": milliseconds(now), "payload": payload})


def booked(booking: Booking) -> dict[str, Any]:
    """BOOKING_CREATED, and BOOKING_REQUESTED of one that waits for the host."""
    waits = booking.status == PENDING
    connected = {"appsStatus": [], "conferenceData": {"createRequest": {"requestId": str(uuid.uuid4())}}}
    return {
        **_event_type(),
        **_common(booking, seconds),
        "attendees": [_attendee(booking, names=True)],
        "responses": _long_responses(booking),
        "iCalUID": f"{booking.uid}@Cal.com",
        "iCalSequence": 0,
        "requiresConfirmation": waits,
        "oneTimePassword": str(uuid.uuid4()) if waits else None,
        "destinationCalendar": None,
        "metadata": booking.metadata,
        "status": booking.status.upper(),
        **({"assignmentReason": None} if waits else connected),
    }


def rescheduled(booking: Booking, old: Booking) -> dict[str, Any]:
    """BOOKING_RESCHEDULED: `uid` is the new booking's, the old one stands beside it."""
    payload = booked(booking) | {
        "iCalSequence": 1,
        "status": ACCEPTED.upper(),
        "rescheduleId": old.id,
        "rescheduleUid": old.uid,
        "rescheduleStartTime": seconds(old.start),
        "rescheduleEndTime": seconds(old.end),
    }
    payload.pop("iCalUID")
    return payload | ({"rescheduledBy": booking.rescheduled_by} if booking.rescheduled_by else {})


def cancelled(booking: Booking, reason: str, by: str) -> dict[str, Any]:
    """BOOKING_CANCELLED. It has no metadata."""
    return {
        **_common(booking, offset),
        "attendees": [_attendee(booking)],
        "responses": _short_responses(booking),
        "destinationCalendar": [],
        "cancellationReason": reason,
        "seatsPerTimeSlot": None,
        "seatsShowAttendees": True,
        "iCalUID": f"{booking.uid}@Cal.com",
        "iCalSequence": 1,
        "schedulingType": None,
        "hideBranding": False,
        "eventDescription": None,
        "requiresConfirmation": None,
        "price": None,
        "status": "CANCELLED",
        "requestReschedule": False,
    } | ({"cancelledBy": by} if by else {})


def rejected(booking: Booking, reason: str) -> dict[str, Any]:
    """BOOKING_REJECTED. It has no metadata either."""
    return {
        **_common(booking, milliseconds),
        "attendees": [_attendee(booking)],
        "responses": _short_responses(booking),
        "destinationCalendar": [],
        "requiresConfirmation": True,
        "rejectionReason": reason,
        "organizationId": None,
        "status": "REJECTED",
    }


def _common(booking: Booking, written: Callable[[datetime], str]) -> dict[str, Any]:
    return {
        "bookerUrl": "https://app.cal.com",
        "type": booking.event_type.slug,
        "title": booking.title,
        "description": "",
        "additionalNotes": "",
        "customInputs": {},
        "userFieldsResponses": {},
        "startTime": written(booking.start),
        "endTime": written(booking.end),
        "eventTypeId": booking.event_type.id,
        "organizer": _organizer(booking),
        "uid": booking.uid,
        "bookingId": booking.id,
        "location": booking.location,
        "hideOrganizerEmail": False,
        "customReplyToEmail": None,
        "eventTitle": booking.event_type.title,
        "eventDescription": "",
        "price": 0,
        "currency": "eur",
        "length": booking.event_type.minutes,
    }


def _event_type() -> dict[str, Any]:
    return {
        "hideCalendarNotes": False,
        "hideCalendarEventDetails": False,
        "schedulingType": None,
        "seatsPerTimeSlot": None,
        "seatsShowAttendees": True,
        "seatsShowAvailabilityCount": True,
        "disableRescheduling": False,
        "disableCancelling": False,
        "organizationId": None,
        "hashedLink": None,
    }


def _organizer(booking: Booking) -> dict[str, Any]:
    return {
        "id": booking.host.id,
        "name": booking.host.name,
        "email": booking.host.email,
        "username": booking.host.username,
        "usernameInOrg": None,
        "timeZone": TIMEZONE,
        "language": {"locale": "de"},
        "timeFormat": "HH:mm",
        "utcOffset": _utc_offset(booking, TIMEZONE),
    }


def _attendee(booking: Booking, *, names: bool = False) -> dict[str, Any]:
    person = booking.attendee
    return {
        "email": person.email,
        "name": person.name,
        # The name came as one string, so these stay empty.
        **({"firstName": "", "lastName": ""} if names else {}),
        **({"phoneNumber": person.phone} if person.phone else {}),
        "timeZone": person.time_zone,
        "language": {"locale": person.language},
        "utcOffset": _utc_offset(booking, person.time_zone),
    }


def _utc_offset(booking: Booking, zone: str) -> int:
    passed = booking.start.astimezone(ZoneInfo(zone)).utcoffset()
    return int(passed.total_seconds() // 60) if passed is not None else 0


def _long_responses(booking: Booking) -> dict[str, Any]:
    own = {
        "name": {"label": "your_name", "value": booking.attendee.name},
        "email": {"label": "email_address", "value": booking.attendee.email},
        **_phone(booking.attendee, "phone_number"),
        "location": {"label": "location", "value": {"optionValue": "", "value": "inPerson"}},
        "title": {"label": "what_is_this_meeting_about"},
        "notes": {"label": "additional_notes"},
        "guests": {"label": "additional_guests", "value": booking.guests},
        "rescheduleReason": {"label": "reason_for_reschedule"},
    }
    said = {slug: {"label": slug, "value": value} for slug, value in booking.responses.items()}
    merged = {slug: entry | said.pop(slug, {}) for slug, entry in own.items()} | said
    return {slug: entry | {"isHidden": slug == "title"} for slug, entry in merged.items()}


def _short_responses(booking: Booking) -> dict[str, Any]:
    return {
        "name": {"label": "name", "value": booking.attendee.name},
        "email": {"label": "email", "value": booking.attendee.email},
        **_phone(booking.attendee, "attendeePhoneNumber"),
    }


def _phone(person: Attendee, label: str) -> dict[str, Any]:
    return {"attendeePhoneNumber": {"label": label, "value": person.phone}} if person.phone else {}
