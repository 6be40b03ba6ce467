"""Reads what Twilio's callbacks say, without trust: the status of our message, or a customer's answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from askpro.reading import Fields, name

# The order of the statuses: a higher one beats a lower, in any order of arrival. Among final ones, delivered wins.
RANK: Final = {
    "accepted": 0,
    "scheduled": 0,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "partially_delivered": 3,
    "delivered": 4,
    "undelivered": 4,
    "failed": 4,
    "canceled": 4,
    "read": 5,
}
ARRIVED: Final = frozenset({"delivered", "read"})
LOST: Final = frozenset({"undelivered", "failed", "canceled"})
LONGEST_WORDS: Final = 2000


class Kind(StrEnum):
    """What a callback is about."""

    REPORT = "status_callback"
    MESSAGE = "inbound_message"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TwilioEvent:
    """One callback. `sid` is its message's; `status` and `code` are a report's, as Twilio writes them. Unreadable
    fields are empty.
    """

    kind: Kind
    sid: str
    status: str
    code: str

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read the callback's form fields, every one of which may be missing or hostile."""
        status = name(fields.get("MessageStatus") or fields.get("SmsStatus"), 24)
        if "Body" in fields or fields.get("SmsStatus") == "received":
            kind = Kind.MESSAGE
        else:
            kind = Kind.REPORT if status else Kind.OTHER
        sid = name(fields.get("MessageSid") or fields.get("SmsSid"), 64)
        return cls(kind, sid, status, name(fields.get("ErrorCode"), 16))

    @property
    def error_code(self) -> int | None:
        """Twilio's code for why the message was not delivered; None without one."""
        code = self.code
        return int(code) if code.isascii() and code.isdigit() and len(code) <= 6 else None


@dataclass(frozen=True, slots=True)
class Reply:
    """An inbound SMS. `service` is the messaging service it came through, `opt_out_type` Twilio's own reading."""

    sender: str
    to: str
    service: str
    body: str
    opt_out_type: str

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read the callback's form fields, every one of which may be missing or hostile."""
        told = Fields(fields)
        return cls(
            sender=told.text("From", 32),
            to=told.text("To", 32),
            service=told.text("MessagingServiceSid", 64),
            body=told.text("Body", LONGEST_WORDS),
            opt_out_type=name(fields.get("OptOutType"), 16).upper(),
        )
