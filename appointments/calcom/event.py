"""Reads what Cal.com's webhooks say, without trust: what happened to which booking, and when."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Self

from askpro.reading import Fields, Unreadable, name, text


class Trigger(StrEnum):
    """The triggers that AskPro works on."""

    CREATED = "BOOKING_CREATED"
    REQUESTED = "BOOKING_REQUESTED"
    RESCHEDULED = "BOOKING_RESCHEDULED"
    CANCELLED = "BOOKING_CANCELLED"
    REJECTED = "BOOKING_REJECTED"
    REASSIGNED = "BOOKING_REASSIGNED"
    NO_SHOW_UPDATED = "BOOKING_NO_SHOW_UPDATED"
    MEETING_ENDED = "MEETING_ENDED"


PING: Final = "PING"
IGNORED: Final = {
    PING: "A test of the connection.",
    **dict.fromkeys(
        (
            "MEETING_STARTED",
            "BOOKING_PAYMENT_INITIATED",
            "BOOKING_PAID",
            "RECORDING_READY",
            "RECORDING_TRANSCRIPTION_GENERATED",
            "INSTANT_MEETING",
            "OOO_CREATED",
            "FORM_SUBMITTED",
            "FORM_SUBMITTED_NO_EVENT",
            "AFTER_HOSTS_CAL_VIDEO_NO_SHOW",
            "AFTER_GUESTS_CAL_VIDEO_NO_SHOW",
            "DELEGATION_CREDENTIAL_ERROR",
            "WRONG_ASSIGNMENT_REPORT",
        ),
        "Changes no appointment here.",
    ),
}

# These happen at the meeting's own time: the `createdAt` beside the booking's fields is that of the booking.
MEETINGS: Final = {"MEETING_STARTED": "startTime", Trigger.MEETING_ENDED: "endTime"}
# A template, or a form, writes these as JSON in a text.
WRITTEN_AS_TEXT: Final = ("payload", "organizer", "user", "attendees", "metadata")
LONGEST_TEXT: Final = 100_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A body's trigger, time and booking, each as it is there; nothing is checked yet."""

    trigger: str
    at: object
    booking: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """The uid of the booking that it is about; empty when it names none."""
        return name(self.booking.get("uid"), 64) or name(self.booking.get("bookingUid"), 64)

    @property
    def happened_at(self) -> datetime | None:
        """When it happened, if that can be read; a time without a zone is read as UTC."""
        try:
            told = datetime.fromisoformat(name(self.at, 40))
            return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class CalcomEvent:
    """What happened (`trigger`), when by Cal.com's clock (`at`), and to what (`payload`)."""

    trigger: str
    at: datetime
    payload: Mapping[str, Any]

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read the body's fields, in any of its shapes. Raises `Unreadable`."""
        told = opened(fields)
        if not told.trigger:
            raise Unreadable("triggerEvent is missing")
        when = MEETINGS.get(told.trigger, "createdAt")
        return cls(told.trigger, Fields({when: told.at}).moment(when), told.booking)


def opened(fields: Mapping[str, Any]) -> Opened:
    """The one reader of all shapes of a body.

    The booking's fields are under `payload`, as Cal.com sends most; or beside the trigger, as it sends meetings and as
    templates may; or in a form whose `payload` is JSON in a text.
    """
    told = _without_texts(fields)
    payload = told.get("payload")
    booking = _without_texts(payload) if isinstance(payload, dict) else told
    trigger = text(told.get("triggerEvent"), 80)
    at = booking.get(MEETINGS[trigger]) if trigger in MEETINGS else told.get("createdAt")
    return Opened(trigger, at, booking)


def _without_texts(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {field: _parsed(value) if field in WRITTEN_AS_TEXT else value for field, value in fields.items()}


def _parsed(value: object) -> object:
    if not isinstance(value, str) or not value.startswith(("{", "[")) or len(value) > LONGEST_TEXT:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
