"""What can be booked at Cal.com, and whether a phone call is enough to book it."""

from dataclasses import dataclass
from typing import Any

from appointments.calcom.booking import items, mapping, number, text
from calls.models.offer import Obstacle

# Cal.com takes these from the attendee, or fills them itself.
OWN_FIELDS = frozenset({"name", "email", "location", "title", "guests", "rescheduleReason"})
LONGEST_DAY = 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class EventType:
    """`required` holds the fields that a booking has to fill besides name and address, as `Service` keeps them."""

    id: int
    slug: str
    title: str
    minutes: int | None
    minimum_notice: int | None
    obstacles: tuple[str, ...] = ()
    needs_confirmation: bool = False
    required: tuple[dict[str, Any], ...] = ()

    @classmethod
    def from_api(cls, entry: object) -> "EventType | None":
        """Read an entry of GET /v2/event-types; None when it names no id or title."""
        fields = mapping(entry)
        id_, title = number(fields.get("id")), text(fields.get("title"), 200)
        if id_ is None or not title:
            return None
        notice = fields.get("minimumBookingNotice")
        minutes = number(fields.get("lengthInMinutes"))
        return cls(
            id=id_,
            slug=text(fields.get("slug"), 200),
            title=title,
            minutes=minutes if minutes is None or minutes <= LONGEST_DAY else None,
            minimum_notice=0 if notice == 0 else number(notice),
            obstacles=tuple(_obstacles(fields)),
            needs_confirmation=_is_set(fields.get("confirmationPolicy")) or fields.get("requiresConfirmation") is True,
            required=tuple(_required(items(fields.get("bookingFields")))),
        )


def _obstacles(fields: Any) -> list[str]:
    seats = number(fields.get("seatsPerTimeSlot")) or _is_set(fields.get("seats"))
    found = {
        Obstacle.SEATS: bool(seats),
        Obstacle.RECURRENCE: _is_set(fields.get("recurrence")),
        Obstacle.PRICE: _costs(fields),
    }
    return [str(obstacle) for obstacle, applies in found.items() if applies]


def _is_set(policy: object) -> bool:
    """Cal.com writes a policy that is off as null, leaves it out, or says {"disabled": true}."""
    return bool(mapping(policy)) and mapping(policy).get("disabled") is not True


def _costs(fields: Any) -> bool:
    """Whether a price is asked for: the type's own, or that of a payment app."""
    apps = mapping(mapping(fields.get("metadata")).get("apps")).values()
    prices = [fields.get("price"), *(mapping(app).get("price") for app in apps if mapping(app).get("enabled") is True)]
    return any(isinstance(price, int | float) and price > 0 for price in prices)


def _required(entries: list[Any]) -> list[dict[str, Any]]:
    found = []
    for entry in entries:
        fields = mapping(entry)
        slug = text(fields.get("slug"), 100)
        if fields.get("required") is True and slug and slug not in OWN_FIELDS:
            options = [option for each in items(fields.get("options")) if (option := _option(each))]
            kind = text(fields.get("type"), 40) or "text"
            found.append({"slug": slug, "type": kind, "label": text(fields.get("label"), 200), "options": options})
    return found[:50]


def _option(entry: object) -> str:
    return text(entry, 200) or text(mapping(entry).get("value"), 200)
