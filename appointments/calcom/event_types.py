"""What can be booked at Cal.com, and whether a phone call is enough to book it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from askpro.reading import Fields, items, mapping, number, text
from calls.models.offer import Obstacle

# Cal.com takes these from the attendee, or fills them itself.
OWN_FIELDS: Final = frozenset({"name", "email", "location", "title", "guests", "rescheduleReason"})
LONGEST_DAY: Final = 24 * 60  # minutes
MOST_HOSTS: Final = 200


@dataclass(frozen=True, slots=True)
class EventType:
    """`required` holds the fields that a booking must fill besides name and address, as `Service` stores them.

    `hosts` are the users who hold its appointments, by id, with their names.
    """

    id: int
    slug: str
    title: str
    minutes: int | None
    minimum_notice: int | None
    obstacles: tuple[str, ...] = ()
    needs_confirmation: bool = False
    required: tuple[dict[str, Any], ...] = ()
    hosts: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def from_api(cls, entry: object) -> "EventType | None":
        """Read an entry of GET /v2/event-types, of a user or of a team; None when it names no id or title."""
        fields = Fields.of(entry)
        told = fields.source
        id_, title = fields.number("id"), fields.text("title", 200)
        if id_ is None or not title:
            return None
        minutes = fields.number("lengthInMinutes")
        return cls(
            id=id_,
            slug=fields.text("slug", 200),
            title=title,
            minutes=minutes if minutes is None or minutes <= LONGEST_DAY else None,
            minimum_notice=0 if told.get("minimumBookingNotice") == 0 else fields.number("minimumBookingNotice"),
            obstacles=tuple(_obstacles(told)),
            needs_confirmation=_is_set(told.get("confirmationPolicy")) or told.get("requiresConfirmation") is True,
            required=tuple(_required(items(told.get("bookingFields")))),
            hosts=_hosts(told),
        )


def _obstacles(fields: Mapping[str, Any]) -> list[str]:
    seats = number(fields.get("seatsPerTimeSlot")) or _is_set(fields.get("seats"))
    found = {
        Obstacle.SEATS: bool(seats),
        Obstacle.RECURRENCE: _is_set(fields.get("recurrence")),
        Obstacle.PRICE: _costs(fields),
        # Its members book by event types of their own, which name it as their parent.
        Obstacle.TEMPLATE: fields.get("schedulingType") == "managed",
    }
    return [str(obstacle) for obstacle, applies in found.items() if applies]


def _hosts(fields: Mapping[str, Any]) -> dict[int, str]:
    """A team's event type has `hosts`, a user's own `users`."""
    found = {}
    for entry in (*items(fields.get("hosts")), *items(fields.get("users")))[:MOST_HOSTS]:
        told = Fields.of(entry)
        if id_ := told.number("userId") or told.number("id"):
            found[id_] = told.text("name", 200)
    return found


def _is_set(policy: object) -> bool:
    """Cal.com writes a policy that is off as null, leaves it out, or says {"disabled": true}."""
    return bool(mapping(policy)) and mapping(policy).get("disabled") is not True


def _costs(fields: Mapping[str, Any]) -> bool:
    """Whether a price is asked for: the type's own, or that of a payment app."""
    apps = mapping(mapping(fields.get("metadata")).get("apps")).values()
    prices = [fields.get("price"), *(mapping(app).get("price") for app in apps if mapping(app).get("enabled") is True)]
    return any(isinstance(price, int | float) and price > 0 for price in prices)


def _required(entries: list[Any]) -> list[dict[str, Any]]:
    found = []
    for entry in entries:
        fields = Fields.of(entry)
        slug = fields.text("slug", 100)
        if fields.source.get("required") is True and slug and slug not in OWN_FIELDS:
            options = [option for each in items(fields.source.get("options")) if (option := _option(each))]
            kind = fields.text("type", 40) or "text"
            found.append({"slug": slug, "type": kind, "label": fields.text("label", 200), "options": options})
    return found[:50]


def _option(entry: object) -> str:
    return text(entry, 200) or text(mapping(entry).get("value"), 200)
