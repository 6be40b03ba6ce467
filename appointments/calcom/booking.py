"""A booking as Cal.com describes it, in an API answer or a webhook, read without trust."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from askpro.reading import Fields, Unreadable, items, mapping, text

_UID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
MOST_ATTENDEES: Final = 500


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

    The first of its `attendees` is the booker, guests follow. `seated`: several bookers share its time, and this may be
    about some of them only; `seat` is the seat that it is about. `wants_other_time`: the host cancels and asks for
    another time.
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
        # It can never become an appointment, so no retry helps.
        if self.ends_at <= self.starts_at:
            raise Unreadable("it ends before it begins")

    @property
    def attendee(self) -> Attendee:
        """The booker."""
        return self.attendees[0] if self.attendees else Attendee()

    @property
    def names_host(self) -> bool:
        """Whether it names a host: Cal.com calls one that it no longer knows "unknown"."""
        return any(host.id is not None or "@" in host.email for host in self.hosts)

    @property
    def key(self) -> uuid.UUID | None:
        """Our own key, if the booking has one. A reschedule copies it to the next uid."""
        try:
            return uuid.UUID((self.metadata or {}).get("askpro_booking_key", ""))
        except ValueError:
            return None

    @property
    def chain(self) -> list[str]:
        """The uids of this booking over time, the oldest first."""
        return [uid for uid in (self.rescheduled_from, self.uid, self.rescheduled_to) if uid]

    @property
    def ended(self) -> bool:
        return self.status in (Status.CANCELLED, Status.REJECTED)

    @classmethod
    def from_api(cls, data: object) -> Self:
        """Read the `data` of an API answer. Raises `Unreadable`."""
        fields = Fields.of(data)
        return cls(
            uid=uid(fields.source.get("uid"), "uid"),
            status=_status(fields.source.get("status")),
            starts_at=fields.moment("start"),
            ends_at=fields.moment("end"),
            id=fields.number("id"),
            event_type_id=fields.number("eventTypeId") or fields.inside("eventType").number("id"),
            hosts=tuple(_host(host) for host in items(fields.source.get("hosts"))),
            attendees=attendees_in(fields.source),
            seated=any(mapping(entry).get("seatUid") for entry in items(fields.source.get("attendees"))),
            metadata=_metadata(fields.source.get("metadata")),
            rescheduled_from=_optional_uid(fields.source.get("rescheduledFromUid")),
            rescheduled_to=_optional_uid(fields.source.get("rescheduledToUid")),
            reason=fields.first_text("cancellationReason", "reschedulingReason", limit=300),
            updated_at=_updated_at(fields),
        )

    @classmethod
    def from_webhook(cls, payload: Mapping[str, Any], status: Status) -> Self:
        """Read the `payload` of a booking webhook; its trigger decides the status. Raises `Unreadable`."""
        fields = Fields(payload)
        organizer = payload.get("organizer") or payload.get("user")
        this, before = uid(payload.get("uid"), "uid"), _optional_uid(payload.get("rescheduleUid"))
        seat = fields.text("attendeeSeatId", 64)
        return cls(
            uid=this,
            status=status,
            starts_at=fields.moment("startTime"),
            ends_at=fields.moment("endTime"),
            id=fields.number("bookingId"),
            event_type_id=fields.number("eventTypeId"),
            hosts=(_host(organizer),) if isinstance(organizer, dict) else (),
            attendees=attendees_in(payload),
            seated=bool(seat or fields.number("seatsPerTimeSlot")),
            seat=seat,
            metadata=_metadata(payload.get("metadata")),
            # A host who moves a booking with seats keeps its uid: nothing replaces it.
            rescheduled_from=before if before != this else "",
            wants_other_time=payload.get("requestReschedule") in (True, "true"),
            reason=fields.first_text("cancellationReason", "rejectionReason", limit=300),
        )


def may_bear(entry: object, key: uuid.UUID) -> bool:
    """Whether an entry of a list, readable or not, may be a booking with our `key`: only metadata can rule it out."""
    metadata = mapping(entry).get("metadata")
    return not isinstance(metadata, dict) or str(metadata.get("askpro_booking_key", "")).lower() == str(key)


def uid(value: object, field: str) -> str:
    """A booking's uid. It becomes part of URLs, so only its own alphabet passes. Raises `Unreadable`."""
    if not isinstance(value, str) or not _UID.fullmatch(value):
        raise Unreadable(f"{field} is missing or no uid")
    return value


def attendees_in(fields: Mapping[str, Any]) -> tuple[Attendee, ...]:
    """All `attendees` that can be read."""
    return tuple(_attendee(Fields.of(entry)) for entry in items(fields.get("attendees"))[:MOST_ATTENDEES])


def _updated_at(fields: Fields) -> datetime | None:
    told = [name for name in ("updatedAt", "createdAt") if fields.source.get(name) is not None]
    return fields.moment(told[0]) if told else None


def _optional_uid(value: object) -> str:
    return value if isinstance(value, str) and _UID.fullmatch(value) else ""


def _status(value: object) -> Status:
    try:
        return Status(str(value).lower())
    except ValueError:
        raise Unreadable("status is missing or unknown") from None


def _host(value: object) -> Host:
    fields = Fields.of(value)
    return Host(fields.number("id"), fields.text("name", 200), fields.text("email", 254))


def _attendee(fields: Fields) -> Attendee:
    return Attendee(
        name=fields.text("name", 200),
        email=fields.text("email", 254),
        phone=fields.text("phoneNumber", 32),
        absent=fields.source.get("absent") is True or fields.source.get("noShow") is True,
    )


def _metadata(value: object) -> dict[str, str]:
    return {
        text(key, 40): text(entry if isinstance(entry, str) else str(entry), 500)
        for key, entry in list(mapping(value).items())[:50]
        if isinstance(entry, str | int)
    }
