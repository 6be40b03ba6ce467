"""A booking as Cal.com describes it, in an API answer or a webhook, read without trust."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from calls.text import clean

_UID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
_LARGEST_ID = 2**63 - 1
MOST_ATTENDEES = 500
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class Unreadable(ValueError):
    """A field that is needed is missing or makes no sense; the text names it, never its value."""


class Status(StrEnum):
    """How a booking stands at Cal.com. The API writes it in lower case, webhooks in upper case."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Host:
    id: int | None
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Attendee:
    name: str = ""
    email: str = ""
    phone: str = ""
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Booking:
    """One booking at one moment. `rescheduled_from` and `rescheduled_to` are the uids before and after it.

    The first of its `attendees` is the booker, guests follow. `seated`: they share one booking, and the news may be of
    some of them only; `seat` is the one that it is of. `wants_other_time`: the host cancels and asks for another time.
    """

    uid: str
    status: Status
    starts_at: datetime
    ends_at: datetime
    id: int | None = None
    event_type_id: int | None = None
    hosts: tuple[Host, ...] = ()
    attendees: tuple[Attendee, ...] = ()
    seated: bool = False
    seat: str = ""
    metadata: Mapping[str, str] | None = None
    rescheduled_from: str = ""
    rescheduled_to: str = ""
    reason: str = ""
    wants_other_time: bool = False
    updated_at: datetime | None = None

    def __post_init__(self) -> None:
        # No appointment can be written of it, however often it is tried.
        if self.ends_at <= self.starts_at:
            raise Unreadable("it ends before it begins")

    @property
    def attendee(self) -> Attendee:
        """The booker."""
        return self.attendees[0] if self.attendees else Attendee()

    @property
    def names_host(self) -> bool:
        """Whether it says who holds it: a host whom Cal.com no longer knows is called "unknown"."""
        return any(host.id is not None or "@" in host.email for host in self.hosts)

    @property
    def key(self) -> uuid.UUID | None:
        """Our own mark, if the booking bears it. A reschedule hands it on to the next uid."""
        try:
            return uuid.UUID((self.metadata or {}).get("askpro_booking_key", ""))
        except ValueError:
            return None

    @property
    def chain(self) -> list[str]:
        """The uids that it names, in the order in which it had them."""
        return [uid for uid in (self.rescheduled_from, self.uid, self.rescheduled_to) if uid]

    @property
    def ended(self) -> bool:
        return self.status in (Status.CANCELLED, Status.REJECTED)

    @classmethod
    def from_api(cls, data: object) -> Self:
        """Read the `data` of an API answer. Raises `Unreadable`."""
        fields = mapping(data)
        reason = text(fields.get("cancellationReason"), 300) or text(fields.get("reschedulingReason"), 300)
        return cls(
            uid=uid(fields.get("uid"), "uid"),
            status=_status(fields.get("status")),
            starts_at=moment(fields.get("start"), "start"),
            ends_at=moment(fields.get("end"), "end"),
            id=number(fields.get("id")),
            event_type_id=number(fields.get("eventTypeId")) or number(mapping(fields.get("eventType")).get("id")),
            hosts=tuple(_host(host) for host in items(fields.get("hosts"))),
            attendees=attendees_in(fields),
            seated=any(mapping(entry).get("seatUid") for entry in items(fields.get("attendees"))),
            metadata=_metadata(fields.get("metadata")),
            rescheduled_from=_optional_uid(fields.get("rescheduledFromUid")),
            rescheduled_to=_optional_uid(fields.get("rescheduledToUid")),
            reason=reason,
            updated_at=_optional_moment(fields.get("updatedAt")) or _optional_moment(fields.get("createdAt")),
        )

    @classmethod
    def from_webhook(cls, payload: Mapping[str, Any], status: Status) -> Self:
        """Read the `payload` of a booking webhook; its trigger decides the status. Raises `Unreadable`."""
        organizer = payload.get("organizer") or payload.get("user")
        this, before = uid(payload.get("uid"), "uid"), _optional_uid(payload.get("rescheduleUid"))
        seat = text(payload.get("attendeeSeatId"), 64)
        return cls(
            uid=this,
            status=status,
            starts_at=moment(payload.get("startTime"), "startTime"),
            ends_at=moment(payload.get("endTime"), "endTime"),
            id=number(payload.get("bookingId")),
            event_type_id=number(payload.get("eventTypeId")),
            hosts=(_host(organizer),) if isinstance(organizer, dict) else (),
            attendees=attendees_in(payload),
            seated=bool(seat or number(payload.get("seatsPerTimeSlot"))),
            seat=seat,
            metadata=_metadata(payload.get("metadata")),
            # A host who moves a booking with seats keeps its uid: nothing replaces it.
            rescheduled_from=before if before != this else "",
            wants_other_time=payload.get("requestReschedule") in (True, "true"),
            reason=text(payload.get("cancellationReason"), 300) or text(payload.get("rejectionReason"), 300),
        )


def may_bear(entry: object, key: uuid.UUID) -> bool:
    """Whether an entry of a list, readable or not, may be a booking with our `key`: only its metadata can deny it."""
    metadata = mapping(entry).get("metadata")
    return not isinstance(metadata, dict) or str(metadata.get("askpro_booking_key", "")).lower() == str(key)


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: object, limit: int) -> str:
    """A text that PostgreSQL can hold; empty when it is none."""
    return clean(value, limit) if isinstance(value, str) else ""


def number(value: object) -> int | None:
    """A whole positive number that fits a bigint, else None: a host without id has the id "unknown"."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)  # a form knows texts only
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LARGEST_ID:
        return None
    return value


def uid(value: object, field: str) -> str:
    """A booking's uid. It becomes part of paths: only its own alphabet passes. Raises `Unreadable`."""
    if not isinstance(value, str) or not _UID.fullmatch(value):
        raise Unreadable(f"{field} is missing or no uid")
    return value


def moment(value: object, field: str) -> datetime:
    """An instant in UTC; without a zone it is none. Raises `Unreadable`, also outside of 2000 to 2100."""
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None or not _FIRST_YEAR <= parsed.year < _LAST_YEAR:
        raise Unreadable(f"{field} is missing or no time with a zone")
    return parsed.astimezone(UTC)


def _optional_moment(value: object) -> datetime | None:
    return None if value is None else moment(value, "updatedAt")


def _optional_uid(value: object) -> str:
    return value if isinstance(value, str) and _UID.fullmatch(value) else ""


def _status(value: object) -> Status:
    try:
        return Status(str(value).lower())
    except ValueError:
        raise Unreadable("status is missing or unknown") from None


def _host(value: object) -> Host:
    fields = mapping(value)
    return Host(number(fields.get("id")), text(fields.get("name"), 200), text(fields.get("email"), 254))


def attendees_in(fields: Mapping[str, Any]) -> tuple[Attendee, ...]:
    """Everybody named in `attendees`, as far as they can be read."""
    return tuple(_attendee(mapping(entry)) for entry in items(fields.get("attendees"))[:MOST_ATTENDEES])


def _attendee(fields: Mapping[str, Any]) -> Attendee:
    return Attendee(
        name=text(fields.get("name"), 200),
        email=text(fields.get("email"), 254),
        phone=text(fields.get("phoneNumber"), 32),
        absent=fields.get("absent") is True or fields.get("noShow") is True,
    )


def _metadata(value: object) -> dict[str, str]:
    return {
        text(key, 40): text(entry if isinstance(entry, str) else str(entry), 500)
        for key, entry in list(mapping(value).items())[:50]
        if isinstance(entry, str | int)
    }
