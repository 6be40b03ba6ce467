"""Today, where the console is: from midnight to midnight, and the same day of last week."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Day:
    """`now` is how far it has gone; days of 23 and 25 hours begin and end at midnight, too."""

    now: datetime

    @property
    def date(self) -> date:
        return timezone.localtime(self.now).date()

    @property
    def start(self) -> datetime:
        return _midnight(self.date)

    @property
    def end(self) -> datetime:
        return _midnight(self.date + timedelta(days=1))

    @property
    def week_before(self) -> "Day":
        """The same weekday, at the same time of day."""
        local = timezone.localtime(self.now)
        return Day(timezone.make_aware(local.replace(tzinfo=None) - WEEK))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
