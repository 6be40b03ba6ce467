"""The payloads of Cal.com's booking webhooks. Each has its own format of times and its own set of fields."""

import uuid
from typing import Any

from askpro.dev.sandbox.calcom import payload_parts as parts
from askpro.dev.sandbox.calcom.booking import ACCEPTED, PENDING, Attendee, Booking
from askpro.dev.sandbox.calcom.text import milliseconds, offset, seconds
from askpro.dev.sandbox.world import TIMEZONE, Host

CREATED = "BOOKING_CREATED"
REQUESTED = "BOOKING_REQUESTED"
RESCHEDULED = "BOOKING_RESCHEDULED"
CANCELLED = "BOOKING_CANCELLED"
REJECTED = "BOOKING_REJECTED"
PAYMENT_INITIATED = "BOOKING_PAYMENT_INITIATED"
PAID = "BOOKING_PAID"
NO_SHOW = "BOOKING_NO_SHOW_UPDATED"
REASSIGNED = "BOOKING_REASSIGNED"
MEETING_ENDED = "MEETING_ENDED"
PAYMENT_ID = 5120


def booked(booking: Booking, seat: Attendee | None = None) -> dict[str, Any]:
    """BOOKING_CREATED, or BOOKING_REQUESTED of one that waits for the host; `seat` is the attendee of a new seat."""
    waits = booking.status == PENDING
    connected = {"appsStatus": [], "conferenceData": {"createRequest": {"requestId": str(uuid.uuid4())}}}
    return {
        **parts.event_type(booking),
        **parts.common(booking, seconds),
        "attendees": [parts.attendee(booking, person, names=True) for person in booking.attendees],
        "responses": parts.long_responses(booking, seat or booking.attendee),
        "iCalUID": f"{booking.uid}@Cal.com",
        "iCalSequence": 0,
        "requiresConfirmation": waits,
        "oneTimePassword": str(uuid.uuid4()) if waits else None,
        "destinationCalendar": None,
        "metadata": seat.metadata if seat else booking.metadata,
        "status": booking.status.upper(),
        **({"attendeeSeatId": seat.seat} if seat else {}),
        **({"assignmentReason": None} if waits else connected),
    }


def confirmed(booking: Booking) -> dict[str, Any]:
    """BOOKING_CREATED after the host's approval or the payment: its metadata holds the video URL, if there is one."""
    return booked(booking) | {"metadata": {}}


def rescheduled(booking: Booking, old: Booking, seat: Attendee | None = None) -> dict[str, Any]:
    """BOOKING_RESCHEDULED: `uid` is the new booking's; the old one's is in another field.

    When a host moves a booking with seats, it keeps its uid; when one `seat` moves, only its attendee is listed.
    """
    payload = (
        booked(booking, seat)
        | ({"attendees": [parts.attendee(booking, seat, names=True)]} if seat else {})
        | {
            "iCalSequence": 1,
            "status": ACCEPTED.upper(),
            "rescheduleId": old.id,
            "rescheduleUid": old.uid,
            "rescheduleStartTime": seconds(old.start),
            "rescheduleEndTime": seconds(old.end),
        }
    )
    payload.pop("iCalUID")
    return payload | ({"rescheduledBy": booking.rescheduled_by} if booking.rescheduled_by else {})


def cancelled(booking: Booking, reason: str, by: str, seat: Attendee | None = None) -> dict[str, Any]:
    """BOOKING_CANCELLED. It has no metadata. For one `seat` given back it is the same, with only that attendee."""
    return (
        {
            **parts.common(booking, offset),
            "attendees": [parts.attendee(booking, person) for person in ([seat] if seat else booking.attendees)],
            "responses": parts.short_responses(seat or booking.attendee),
            "destinationCalendar": [],
            "cancellationReason": reason,
            "seatsPerTimeSlot": booking.seats or None,
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
        }
        | ({"cancelledBy": by} if by else {})
        | ({"attendeeSeatId": seat.seat} if seat else {})
    )


def rejected(booking: Booking, reason: str) -> dict[str, Any]:
    """BOOKING_REJECTED. It has no metadata either."""
    return {
        **parts.common(booking, milliseconds),
        "attendees": [parts.attendee(booking, person) for person in booking.attendees],
        "responses": parts.short_responses(booking.attendee),
        "destinationCalendar": [],
        "requiresConfirmation": True,
        "rejectionReason": reason,
        "organizationId": None,
        "status": "REJECTED",
    }


def payment(booking: Booking, paid: bool) -> dict[str, Any]:
    """BOOKING_PAYMENT_INITIATED and BOOKING_PAID. Both say ACCEPTED, whatever the booking's status."""
    left_out = {"bookerUrl", "userFieldsResponses", "hideOrganizerEmail", "customReplyToEmail"}
    common = {name: value for name, value in parts.common(booking, milliseconds).items() if name not in left_out}
    bought = {
        "identifier": "cal.com",
        "bookingId": booking.id,
        "eventTypeId": booking.event_type.id,
        "bookerEmail": booking.attendee.email,
        "eventTitle": booking.event_type.title,
        "externalId": f"pi_{booking.id}",
    }
    return {
        **common,
        "attendees": [parts.attendee(booking, person) for person in booking.attendees],
        "destinationCalendar": None,
        "hideCalendarNotes": False,
        "requiresConfirmation": False,
        "seatsShowAttendees": True,
        "seatsShowAvailabilityCount": True,
        "schedulingType": None,
        "iCalUID": f"{booking.uid}@Cal.com",
        "iCalSequence": 0,
        "price": booking.price,
        "currency": "EUR",
        "paymentId": PAYMENT_ID,
        "metadata": bought if paid else {},
        "status": "ACCEPTED",
    }


def no_show(booking: Booking, absent: dict[str, bool]) -> dict[str, Any]:
    """BOOKING_NO_SHOW_UPDATED: the attendees concerned, also seats and guests; the uid has another field name."""
    named = " and ".join(absent)
    return {
        "message": f"{named} marked as no-show" if any(absent.values()) else f"{named} unmarked as no-show",
        "attendees": [{"email": email, "noShow": missing} for email, missing in absent.items()],
        "bookingUid": booking.uid,
        "bookingId": booking.id,
    }


def reassigned(booking: Booking, before: Host) -> dict[str, Any]:
    """BOOKING_REASSIGNED, as in the hosted documentation: the same uid, another organizer."""
    changed = {"addedHostUserIds": [booking.host.id], "removedHostUserIds": [before.id]}
    return booked(booking) | changed


def meeting_ended(booking: Booking) -> dict[str, Any]:
    """MEETING_ENDED: the booking's row, beside the trigger; `createdAt` is therefore the booking's."""
    row = {
        "id": booking.id,
        "uid": booking.uid,
        "userId": booking.host.id,
        "userPrimaryEmail": booking.host.email,
        "eventTypeId": booking.event_type.id,
        "title": booking.title,
        "description": booking.notes,
        "customInputs": {},
        "responses": parts.long_responses(booking, booking.attendee),
        "startTime": milliseconds(booking.start),
        "endTime": milliseconds(booking.end),
        "location": booking.location,
        "createdAt": milliseconds(booking.created_at),
        "updatedAt": milliseconds(booking.updated_at),
        "status": booking.status.upper(),
        "paid": False,
        "metadata": booking.metadata,
        "isRecorded": False,
        "iCalUID": f"{booking.uid}@Cal.com",
        "iCalSequence": 0,
        "noShowHost": booking.absent_host,
        "creationSource": "API_V2",
        "payment": [],
        "references": [],
        "appsStatus": [],
        "scheduledJobs": [],
    }
    host = {name: getattr(booking.host, name) for name in ("email", "name", "username")}
    return (
        row
        | dict.fromkeys(_EMPTY_OF_ROW)
        | {
            "user": host | {"timeZone": TIMEZONE},
            "attendees": [parts.attendee_row(booking, person) for person in booking.attendees],
        }
    )


_EMPTY_OF_ROW = (
    *("idempotencyKey", "destinationCalendarId", "cancellationReason", "rejectionReason", "reassignReason"),
    *("reassignById", "dynamicEventSlugRef", "dynamicGroupSlugRef", "rescheduled", "fromReschedule"),
    *("recurringEventId", "smsReminderNumber", "rating", "ratingFeedback", "oneTimePassword", "cancelledBy"),
    "rescheduledBy",
)
