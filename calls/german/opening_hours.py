"""When a branch is open, per weekday, in the form that is stored."""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final, Self

DAY_KEYS: Final = ("mo", "di", "mi", "do", "fr", "sa", "so")
_TIME: Final = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
_MAX_SPANS_PER_DAY: Final = 6
_LOOKED_AT: Final = 61  # days


class InvalidOpeningHours(ValueError):
    """Opening hours must look like {"mo": [["09:00", "13:00"], ["14:00", "18:00"]], …}."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"Opening hours, {where}: {reason}.")
        self.where = where
        self.reason = reason


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open from `opens` until just before `closes`, both in minutes since local midnight (24:00 is 1440)."""

    opens: int
    closes: int

    def __contains__(self, minute: int) -> bool:
        return self.opens <= minute < self.closes


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When a branch is open, in its own local time: seven days, Monday first, each a tuple of spans.

    Without any span the hours are unknown and decide nothing.
    """

    days: tuple[tuple[Span, ...], ...] = ((),) * 7

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Reads the stored form; a day left out is closed. Raises InvalidOpeningHours, naming the place."""
        if value is None:
            return cls()
        if not isinstance(value, dict):
            raise InvalidOpeningHours("the whole", "must be an object")
        unknown = [str(key)[:20] for key in value if key not in DAY_KEYS]
        if unknown:
            raise InvalidOpeningHours(unknown[0], f"is not one of {', '.join(DAY_KEYS)}")
        return cls(tuple(_day_from_json(key, value.get(key)) for key in DAY_KEYS))

    def to_json(self) -> dict[str, list[list[str]]]:
        return {
            key: [[_written(span.opens), _written(span.closes)] for span in spans]
            for key, spans in zip(DAY_KEYS, self.days, strict=True)
            if spans
        }

    def is_open(self, local: datetime) -> bool:
        """Whether the branch is open at this local time (of the branch's zone, aware or not)."""
        return bool(self.open_minutes(local.date(), [local.hour * 60 + local.minute]))

    def open_minutes(self, day: date, minutes: Iterable[int]) -> tuple[int, ...]:
        """The given minutes since midnight at which the branch is open on that day."""
        spans = self.days[day.weekday()]
        return tuple(minute for minute in minutes if any(minute in span for span in spans))

    def moments(self, day: date, zone: tzinfo) -> list[tuple[datetime, datetime]]:
        """From when until when (UTC) the branch is open on that day, by the clocks of its zone."""
        return [(_moment(day, span.opens, zone), _moment(day, span.closes, zone)) for span in self.days[day.weekday()]]

    def next_opening(self, local: datetime, closed: Container[date] = ()) -> datetime | None:
        """When the branch opens next after this local time, on no closed day; None when it does not within 60 days."""
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        openings = (
            midnight + timedelta(days=days, minutes=span.opens)
            for days in range(_LOOKED_AT)
            for span in self.days[(local.weekday() + days) % 7]
            if (midnight + timedelta(days=days)).date() not in closed
        )
        return next((opening for opening in openings if opening > local), None)

    def after(self, start: datetime, length: timedelta, zone: tzinfo, closed: Container[date] = ()) -> datetime | None:
        """When the branch has been open for this long since `start` (aware), on no closed day; in UTC.

        None when it is not within 60 days. The length is counted in time that passes, whatever the clocks do.
        """
        now, left = start.astimezone(UTC), length
        first = start.astimezone(zone).date()
        for day in (first + timedelta(days=days) for days in range(_LOOKED_AT)):
            for span in () if day in closed else self.days[day.weekday()]:
                begin, end = max(now, _moment(day, span.opens, zone)), _moment(day, span.closes, zone)
                if end - begin >= left:
                    return begin + left
                left -= max(end - begin, timedelta(0))
        return None


def _moment(day: date, minute: int, zone: tzinfo) -> datetime:
    return (datetime.combine(day, time()) + timedelta(minutes=minute)).replace(tzinfo=zone).astimezone(UTC)


def _day_from_json(key: str, value: object) -> tuple[Span, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > _MAX_SPANS_PER_DAY:
        raise InvalidOpeningHours(key, f"must be a list of at most {_MAX_SPANS_PER_DAY} pairs")
    spans = tuple(sorted(_span_from_json(key, pair) for pair in value))
    if any(later.opens < earlier.closes for earlier, later in pairwise(spans)):
        raise InvalidOpeningHours(key, "spans overlap")
    return spans


def _span_from_json(key: str, pair: object) -> Span:
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:
        raise InvalidOpeningHours(key, "must hold pairs of times")
    span = Span(*(_minute(key, written) for written in pair))
    if span.opens >= span.closes:
        raise InvalidOpeningHours(key, "must open before it closes")
    return span


def _minute(key: str, written: object) -> int:
    match = _TIME.fullmatch(written) if isinstance(written, str) else None
    minute = int(match[1]) * 60 + int(match[2]) if match else None
    if minute is None or minute > 24 * 60:
        raise InvalidOpeningHours(key, "times must be written HH:MM, 00:00 to 24:00")
    return minute


def _written(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
