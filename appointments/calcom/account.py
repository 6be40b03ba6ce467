"""Whose key it is, and which webhooks and schedules that user has at Cal.com."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from appointments.calcom.event import Trigger
from askpro.reading import Fields, items

# Cal.com's published list of triggers lacks it; some versions take it.
UNPUBLISHED = frozenset({Trigger.REASSIGNED})
WANTED = frozenset(Trigger)
# Cal.com's names of the weekdays, and those in which a branch stores its opening hours.
DAYS = dict(
    zip(
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        ("mo", "di", "mi", "do", "fr", "sa", "so"),
        strict=True,
    )
)
MOST_SPANS = 50


@dataclass(frozen=True, slots=True)
class Owner:
    """The user of an API key."""

    name: str
    username: str
    time_zone: str

    @classmethod
    def from_api(cls, entry: object) -> Self:
        told = Fields.of(entry)
        return cls(told.text("name", 200), told.text("username", 200), told.text("timeZone", 64))


@dataclass(frozen=True, slots=True)
class Schedule:
    """`hours` are times of day by weekday, as a branch stores its opening hours; not checked."""

    name: str
    is_default: bool
    hours: Mapping[str, list[list[str]]]

    @classmethod
    def from_api(cls, entry: object) -> Self:
        told = Fields.of(entry)
        hours: dict[str, list[list[str]]] = {}
        for span in map(Fields.of, items(told.source.get("availability"))[:MOST_SPANS]):
            for day in items(span.source.get("days")):
                if isinstance(day, str) and day in DAYS:
                    hours.setdefault(DAYS[day], []).append([span.text("startTime", 5), span.text("endTime", 5)])
        return cls(told.text("name", 200), told.source.get("isDefault") is True, hours)


@dataclass(frozen=True, slots=True)
class Webhook:
    """`secret` is empty where there is none, or Cal.com does not show it."""

    id: str
    url: str
    is_active: bool
    triggers: frozenset[str]
    secret: str = field(repr=False)

    @classmethod
    def from_api(cls, entry: object) -> Self | None:
        """Read an entry of GET /v2/webhooks; None if it names no id or address."""
        told = Fields.of(entry)
        id_, url = told.code("id", 64), told.code("subscriberUrl", 2000)
        if not id_ or not url:
            return None
        triggers = frozenset(each for each in items(told.source.get("triggers")) if isinstance(each, str))
        return cls(id_, url, told.source.get("active") is True, triggers, told.code("secret", 500))

    @property
    def is_complete(self) -> bool:
        return self.is_active and self.triggers >= WANTED - UNPUBLISHED
