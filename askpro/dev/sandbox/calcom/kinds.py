"""What an event type may have: seats, recurrence, a host who must agree, a price, own booking fields, a team."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

ROUND_ROBIN, MANAGED = "roundRobin", "managed"


class BadKind(ValueError):
    """The text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The default is a plain event type, as the demo's are.

    seats           how many attendees share one booking; 0: one each
    occurrences     how many bookings one request makes, a week apart; 0: one
    confirmation    the host must confirm
    price           in cents; the booking waits until it is paid
    hides_email     an organisation's: the e-mail address is not asked for, and one that is sent is replaced
    fields          booking fields besides name, address and phone, as GET /v2/event-types shows them
    phone_required  whether `attendee.phoneNumber` must be there
    team            the team's: "roundRobin", whose hosts take turns, or "managed", a template for its members' own ones
    """

    seats: int = 0
    occurrences: int = 0
    confirmation: bool = False
    price: int = 0
    hides_email: bool = False
    fields: tuple[Mapping[str, Any], ...] = ()
    phone_required: bool = False
    team: str = ""

    @property
    def waits(self) -> bool:
        """Whether a new booking is pending at first."""
        return self.confirmation or self.price > 0

    @classmethod
    def of(cls, wanted: object) -> "Kind":
        """Raises `BadKind`."""
        known = {field.name: field.default for field in fields(cls)}
        if not isinstance(wanted, dict) or wanted.keys() - known.keys():
            raise BadKind(f"A kind of event type has {', '.join(known)}.")
        own = wanted.get("fields", [])
        if not isinstance(own, list) or not all(isinstance(field, dict) and field.get("slug") for field in own):
            raise BadKind("fields is a list of objects with a slug.")
        for name, value in wanted.items():
            if name != "fields" and type(value) is not type(known[name]):
                raise BadKind(f"{name} has to be {type(known[name]).__name__}.")
        if wanted.get("team", "") not in ("", ROUND_ROBIN, MANAGED):
            raise BadKind(f"team is {ROUND_ROBIN} or {MANAGED}.")
        return cls(**wanted | {"fields": tuple(own)})
