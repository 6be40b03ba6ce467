"""Which days the calendar shows, and how they are named."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

# Days that can be asked for: before and after these, zones have no clocks of whole quarters, or nothing is booked.
YEARS: Final = range(2000, 2100)


class View(StrEnum):
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Period:
    """One day, or the week (from Monday) that a day lies in."""

    view: View
    day: date

    @property
    def days(self) -> tuple[date, ...]:
        if self.view == View.DAY:
            return (self.day,)
        monday = self.day - timedelta(days=self.day.weekday())
        return tuple(monday + timedelta(days=number) for number in range(7))

    @property
    def before(self) -> date:
        return self.day - timedelta(days=len(self.days))

    @property
    def after(self) -> date:
        return self.day + timedelta(days=len(self.days))

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Where it begins and ends (UTC), by the clocks of a zone: a day may have 23 or 25 hours."""
        return midnight(self.days[0], zone), midnight(self.days[-1] + timedelta(days=1), zone)

    def title(self) -> str:
        """Its name in the reader's language."""
        if self.view == View.DAY:
            return f"{formats.date_format(self.day, 'l')}, {formats.date_format(self.day, 'DATE_FORMAT')}"
        first, last = (formats.date_format(day, "DATE_FORMAT") for day in (self.days[0], self.days[-1]))
        week = _("Week %(number)s") % {"number": self.days[0].isocalendar().week}
        return f"{week}, {first} – {last}"


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins by the clocks of a zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
