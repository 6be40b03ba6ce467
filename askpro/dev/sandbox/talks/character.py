"""Who calls, what she wants, and how the conversation goes: all of it follows from a seed."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from askpro.dev.sandbox.demo import german
from askpro.dev.sandbox.demo.callers import Caller, somebody
from askpro.dev.sandbox.world import (
    COMPANY_OF_EVENT_TYPE,
    EVENT_TYPES,
    HOSTS,
    PRACTICE,
    SALON,
    TIMEZONE,
    Company,
    EventType,
)

DAYS_AHEAD: Final = range(2, 26)
WEEKDAYS: Final = ("mo", "di", "mi", "do", "fr", "sa", "so")
MINUTES: Final = (0, 30, 15, 45)
GERMAN, ENGLISH = "de", "en"
STYLES: Final = ("iso", "words", "weekday")

# What she does after a wish is settled, or not: the more often, the more likely.
ENDINGS: Final = (
    *((),) * 9,
    ("find",),
    ("cancel",),
    ("cancel", "again"),
    ("move",),
    ("move", "cancel"),
    ("same",),
    ("callback",),
)


class BadTrait(ValueError):
    """The text says which trait does not exist, or is of the wrong type."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`start` is in the company's zone; `staff` is a host's name, or empty."""

    event_type: EventType
    start: datetime
    staff: str = ""


@dataclass(frozen=True, slots=True)
class Character:
    """Traits without a comment say what happens in the conversation.

    repeats     how likely each request is sent twice at the same moment
    slow        Cal.com hangs when her booking is made
    agrees      to messages by SMS
    hangs_up    while her first booking is being made, and hears no answer
    endings     of each wish: what she asks for once it is settled
    style       how the agent writes days and times
    pace        seconds for which a sentence of hers, and the agent's before it, take on average; 0 for none
    """

    seed: int
    company: Company
    caller: Caller
    language: str
    style: str
    wishes: tuple[Wish, ...]
    endings: tuple[tuple[str, ...], ...]
    asks_services: bool = False
    looks_first: bool = True
    names_day_only: bool = False
    only_looks: bool = False
    anonymous: bool = False
    agrees: bool = True
    hangs_up: bool = False
    rival: bool = False
    slow: bool = False
    repeats: float = 0.0
    pace: float = 0.0
    versioned: bool = False
    at_root: bool = False

    @classmethod
    def of(cls, seed: int, now: datetime, **traits: Any) -> "Character":
        """The character of this seed, who calls at `now`; `traits` replaces some of hers. Raises `BadTrait`.

        The trait "wish" is {"event_type": id, "start": an ISO moment}: she wants this one appointment and nothing else.
        """
        chance = random.Random(seed)

        def often(share: float) -> bool:
            return chance.random() < share

        company = PRACTICE if often(0.25) else SALON
        count = 2 if often(0.2) else 1
        character = cls(
            seed,
            company,
            somebody(),
            language=ENGLISH if often(0.25) else GERMAN,
            style=chance.choice(STYLES),
            wishes=tuple(_wish(chance, company, now) for _ in range(count)),
            endings=tuple(chance.choice(ENDINGS) for _ in range(count)),
            asks_services=often(0.2),
            looks_first=often(0.7),
            names_day_only=often(0.4),
            only_looks=often(0.05),
            anonymous=often(0.06),
            agrees=often(0.7),
            rival=often(0.12),
            repeats=0.5 if often(0.3) else 0.05,
            versioned=often(0.3),
            at_root=often(0.2),
            hangs_up=often(0.05),
        )
        plain = {name: value for name, value in traits.items() if name != "wish"}
        wished = character.with_wish(traits["wish"]) if "wish" in traits else character
        return wished.with_traits(plain)

    def with_wish(self, wish: Mapping[str, Any]) -> "Character":
        """Raises `BadTrait`."""
        try:
            event_type, start = EVENT_TYPES[wish["event_type"]], datetime.fromisoformat(wish["start"])
        except (KeyError, TypeError, ValueError) as error:
            raise BadTrait(f"A wish has an event type and a start: {type(error).__name__}") from None
        local = start.astimezone(ZoneInfo(TIMEZONE))
        company = COMPANY_OF_EVENT_TYPE[event_type.id]
        return replace(self, company=company, wishes=(Wish(event_type, local),), endings=((),))

    def with_traits(self, traits: Mapping[str, Any]) -> "Character":
        """Raises `BadTrait`."""
        plain = {entry.name: type(getattr(self, entry.name)) for entry in fields(self)}
        for name, value in traits.items():
            if plain.get(name) not in (bool, float, str):
                raise BadTrait(f"There is no trait {name}.")
            if not isinstance(value, plain[name]):
                raise BadTrait(f"{name} has to be {plain[name].__name__}.")
        return replace(self, **traits)

    @property
    def from_number(self) -> str:
        return "anonymous" if self.anonymous else self.caller.phone

    def written(self, moment: datetime) -> tuple[str, str]:
        """Day and time as this agent writes them."""
        local = moment.astimezone(ZoneInfo(TIMEZONE))
        if self.style == "iso" or self.language == ENGLISH:
            return f"{local:%Y-%m-%d}", f"{local:%H:%M}"
        if self.style == "words":
            return f"{local.day}. {german.MONTHS[local.month - 1]}", german.clock(local)
        return german.day(local), german.clock(local)

    def other_time(self, wish: Wish, number: int) -> datetime:
        """Another time that she could come."""
        return _moment(random.Random(self.seed * 1000 + number), self.company, wish.start.date() + timedelta(days=1))


def _wish(chance: random.Random, company: Company, now: datetime) -> Wish:
    event_type = chance.choice(company.event_types)
    first = (now.astimezone(ZoneInfo(TIMEZONE)) + timedelta(days=chance.choice(DAYS_AHEAD))).date()
    staff = HOSTS[chance.choice(event_type.hosts)].name if chance.random() < 0.15 else ""
    return Wish(event_type, _moment(chance, company, first), staff)


def _moment(chance: random.Random, company: Company, first: date) -> datetime:
    """A time at which the branch is open, on the first such day."""
    hours = company.branch.opening_hours
    day = next(each for n in range(7) if WEEKDAYS[(each := first + timedelta(days=n)).weekday()] in hours)
    opens, closes = chance.choice(hours[WEEKDAYS[day.weekday()]])
    hour = chance.randrange(int(opens[:2]), int(closes[:2]) - 1)
    return datetime.combine(day, time(hour, chance.choice(MINUTES)), ZoneInfo(TIMEZONE))
