"""Days of a company, by the calendar and the clocks of its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From the beginning of the first day until the end of the last; a day may have 23 or 25 hours."""

    first: date
    last: date
    zone: ZoneInfo

    @classmethod
    def week_until(cls, last: date, zone: ZoneInfo) -> "Period":
        return cls(last - 6 * DAY, last, zone)

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone)

    @property
    def end(self) -> datetime:
        """The first moment that does not belong to it."""
        return datetime.combine(self.last + DAY, time(), self.zone)

    @property
    def days(self) -> Iterator[date]:
        for number in range((self.last - self.first).days + 1):
            yield self.first + number * DAY
