"""A webhook of Cal.com's, read without trust."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from askpro.reading import Fields, Unreadable, text

# The time of these is the meeting's own: their `createdAt`, where the booking stands beside it, is the booking's.
MEETINGS = {"MEETING_STARTED": "startTime", "MEETING_ENDED": "endTime"}
# A template, or a form, writes these as JSON in a text.
WRITTEN_AS_TEXT = ("payload", "organizer", "user", "attendees", "metadata")
LONGEST_TEXT = 100_000


@dataclass(frozen=True, slots=True)
class CalcomEvent:
    """What happened (`trigger`), when by Cal.com's clock (`at`), and to what (`payload`)."""

    trigger: str
    at: datetime
    payload: Mapping[str, Any]

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read the body's fields, in whatever shape it came. Raises `Unreadable`."""
        trigger, at, payload = opened(fields)
        if not trigger:
            raise Unreadable("triggerEvent is missing")
        when = MEETINGS.get(trigger, "createdAt")
        return cls(trigger, Fields({when: at}).moment(when), payload)


def opened(fields: Mapping[str, Any]) -> tuple[str, object, Mapping[str, Any]]:
    """Trigger, time and booking of a body, each as it stands there. The one reader of all shapes:

    under `payload`, as Cal.com sends most; beside the trigger, as it sends meetings, and as templates may; a form whose
    `payload` is JSON in a text.
    """
    told = _without_texts(fields)
    payload = told.get("payload")
    booking = _without_texts(payload) if isinstance(payload, dict) else told
    trigger = text(told.get("triggerEvent"), 80)
    at = booking.get(MEETINGS[trigger]) if trigger in MEETINGS else told.get("createdAt")
    return trigger, at, booking


def _without_texts(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _parsed(value) if name in WRITTEN_AS_TEXT else value for name, value in fields.items()}


def _parsed(value: object) -> object:
    if not isinstance(value, str) or not value.startswith(("{", "[")) or len(value) > LONGEST_TEXT:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
