"""Whose key it is, and which webhooks that user has at Cal.com."""

from dataclasses import dataclass, field
from typing import Self

from appointments.calcom.event import Trigger
from askpro.reading import Fields, items

# Cal.com's published list of triggers lacks it; some versions take it.
UNPUBLISHED = frozenset({Trigger.REASSIGNED})
WANTED = frozenset(Trigger)


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
