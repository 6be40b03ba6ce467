"""The parts of Cal.com's webhooks."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from askpro.dev.sandbox.calcom.booking import Attendee, Booking
from askpro.dev.sandbox.world import TIMEZONE


def common(booking: Booking, written: Callable[[datetime], str]) -> dict[str, Any]:
    return {
        "bookerUrl": "https://app.cal.com",
        "type": booking.event_type.slug,
        "title": booking.title,
        "description": "",
        "additionalNotes": booking.notes,
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
        "price": booking.price,
        "currency": "eur",
        "length": booking.event_type.minutes,
    }


def event_type(booking: Booking) -> dict[str, Any]:
    return {
        "hideCalendarNotes": False,
        "hideCalendarEventDetails": False,
        "schedulingType": None,
        "seatsPerTimeSlot": booking.seats or None,
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


def attendee(booking: Booking, person: Attendee, *, names: bool = False) -> dict[str, Any]:
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


def attendee_row(booking: Booking, person: Attendee) -> dict[str, Any]:
    return {
        "id": 1_811_022 + booking.attendees.index(person),
        "email": person.email,
        "name": person.name,
        "timeZone": person.time_zone,
        "phoneNumber": person.phone or None,
        "locale": person.language,
        "bookingId": booking.id,
        "noShow": person.absent,
    }


def _utc_offset(booking: Booking, zone: str) -> int:
    passed = booking.start.astimezone(ZoneInfo(zone)).utcoffset()
    return int(passed.total_seconds() // 60) if passed is not None else 0


def long_responses(booking: Booking, person: Attendee) -> dict[str, Any]:
    own = {
        "name": {"label": "your_name", "value": person.name},
        "email": {"label": "email_address", "value": person.email},
        **_phone(person, "phone_number"),
        "location": {"label": "location", "value": {"optionValue": "", "value": "inPerson"}},
        "title": {"label": "what_is_this_meeting_about"},
        "notes": {"label": "additional_notes"},
        "guests": {"label": "additional_guests", "value": booking.guests},
        "rescheduleReason": {"label": "reason_for_reschedule"},
    }
    said = {slug: {"label": slug, "value": value} for slug, value in (person.responses or booking.responses).items()}
    merged = {slug: entry | said.pop(slug, {}) for slug, entry in own.items()} | said
    return {slug: entry | {"isHidden": slug == "title"} for slug, entry in merged.items()}


def short_responses(person: Attendee) -> dict[str, Any]:
    return {
        "name": {"label": "name", "value": person.name},
        "email": {"label": "email", "value": person.email},
        **_phone(person, "attendeePhoneNumber"),
    }


def _phone(person: Attendee, label: str) -> dict[str, Any]:
    return {"attendeePhoneNumber": {"label": label, "value": person.phone}} if person.phone else {}
