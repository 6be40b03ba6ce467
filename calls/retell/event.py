"""Reads what Retell's webhooks say, without trust: which event happened to which call, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Self

from askpro.reading import EARLIEST, LATEST, name


class Event(StrEnum):
    """The events that AskPro works on."""

    STARTED = "call_started"
    ENDED = "call_ended"
    ANALYZED = "call_analyzed"
    TRANSFER_STARTED = "transfer_started"
    TRANSFER_BRIDGED = "transfer_bridged"
    TRANSFER_ENDED = "transfer_ended"
    TRANSFER_CANCELLED = "transfer_cancelled"


class Transfer(StrEnum):
    """How far the caller was put through to a person, the farthest last."""

    NONE = ""
    STARTED = "started"
    CANCELLED = "cancelled"
    BRIDGED = "bridged"

    @property
    def rank(self) -> int:
        return list(Transfer).index(self)

    @property
    def may_have_talked(self) -> bool:
        """Whether a person may have talked to the caller; assumed also for a transfer whose end is unknown."""
        return self in (Transfer.STARTED, Transfer.BRIDGED)


TRANSFERS: Final[dict[str, Transfer]] = {
    Event.TRANSFER_STARTED: Transfer.STARTED,
    Event.TRANSFER_BRIDGED: Transfer.BRIDGED,
    Event.TRANSFER_ENDED: Transfer.BRIDGED,
    Event.TRANSFER_CANCELLED: Transfer.CANCELLED,
}

# Answered at once, while the caller hears the ringing: there is nothing left for a job.
INBOUND: Final = "call_inbound"
# Sent at every turn of the conversation; only the newest is worth keeping.
TRANSCRIPT: Final = "transcript_updated"
FUNCTION: Final = "custom_function"
CHATS: Final = ("chat_started", "chat_ended", "chat_analyzed")
IGNORED: Final = {
    TRANSCRIPT: "The transcript comes again with call_ended.",
    FUNCTION: "Agents' functions are not served at this address.",
    **dict.fromkeys(CHATS, "Text chats are not handled."),
}
HAPPENED: Final[dict[str, str]] = {
    Event.STARTED: "start_timestamp",
    Event.ENDED: "end_timestamp",
    Event.TRANSFER_ENDED: "transfer_end_timestamp",
}


# No repr: what a caller said must not reach a log through a traceback's variables.
@dataclass(frozen=True, slots=True, repr=False)
class RetellEvent:
    """One webhook: its type, and the unchanged object of the call or chat that it is about. `place` is the field that
    held the object, empty if its fields were beside the event. A type that cannot be read is empty.
    """

    type: str
    place: str
    call: Mapping[str, Any]

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read the body's fields, every one of which may be missing or hostile."""
        event_type = name(fields.get("event"), 80)
        if not event_type and isinstance(fields.get("args"), dict):
            event_type = FUNCTION
        place = "chat" if event_type in CHATS else "call"
        call = about(fields, place)
        if call is fields or not call or not isinstance(call, dict):
            return cls(event_type, "", fields)
        return cls(event_type, place, call)

    @property
    def subject(self) -> str:
        """The id of the call or chat; empty when it has none."""
        return name(self.call.get("call_id") or self.call.get("chat_id"), 100)

    @property
    def happened_at(self) -> datetime | None:
        """When it happened, if that can be read; the job reports any other value."""
        moment = self.call.get(HAPPENED[self.type]) if self.type in HAPPENED else None
        if not isinstance(moment, int) or not EARLIEST.timestamp() * 1000 <= moment < LATEST.timestamp() * 1000:
            return None
        return datetime.fromtimestamp(moment / 1000, UTC)


def about(fields: Mapping[str, Any], place: str = "call") -> object:
    """The object that a body is about. Once Retell, without notice, put the call's fields beside the event."""
    return fields.get(place, fields)
