"""A webhook of Cal.com's, read without trust."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from appointments.calcom_booking import Unreadable, mapping, moment, text


@dataclass(frozen=True, slots=True)
class CalcomEvent:
    """What happened (`trigger`), when by Cal.com's clock (`at`), and to what (`payload`)."""

    trigger: str
    at: datetime
    payload: Mapping[str, Any]

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """Read the raw bytes. Raises `Unreadable`.

        MEETING_STARTED and MEETING_ENDED have no payload: the booking's row stands beside the trigger, and
        `createdAt` is the booking's, so their time is the meeting's own.
        """
        fields = _json(body)
        trigger = text(fields.get("triggerEvent"), 80)
        if not trigger:
            raise Unreadable("triggerEvent is missing")
        payload = fields.get("payload")
        if isinstance(payload, dict):
            return cls(trigger, moment(fields.get("createdAt"), "createdAt"), payload)
        own_time = {"MEETING_STARTED": "startTime", "MEETING_ENDED": "endTime"}.get(trigger, "createdAt")
        return cls(trigger, moment(fields.get(own_time), own_time), fields)


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        return mapping(json.loads(body))
    except (ValueError, RecursionError):
        return {}
