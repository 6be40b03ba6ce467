"""A webhook of Cal.com's, read without trust."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from appointments.calcom_booking import Unreadable, moment, text


@dataclass(frozen=True, slots=True)
class CalcomEvent:
    """What happened (`trigger`), when by Cal.com's clock (`at`), and to what (`payload`)."""

    trigger: str
    at: datetime
    payload: Mapping[str, Any]

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read the body's fields. Raises `Unreadable`.

        MEETING_STARTED and MEETING_ENDED have no payload: the booking's row stands beside the trigger, and
        `createdAt` is the booking's, so their time is the meeting's own. A form has no payload either.
        """
        trigger = text(fields.get("triggerEvent"), 80)
        if not trigger:
            raise Unreadable("triggerEvent is missing")
        own_time = {"MEETING_STARTED": "startTime", "MEETING_ENDED": "endTime"}.get(trigger, "createdAt")
        payload = fields.get("payload")
        return cls(trigger, moment(fields.get(own_time), own_time), payload if isinstance(payload, dict) else fields)
