"""The axis of time: round moments by the clocks of the console's zone."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from django.utils import timezone

from askpro.console import display

# Labels that fit beside each other on a phone.
MOST: Final = 5
_MINUTES: Final = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)
_DAYS: Final = (1, 2, 5, 7, 14, 30, 60, 120)
DAY: Final = timedelta(days=1)
# Steps from here on are days, one of which has an hour less each year.
WHOLE_DAYS: Final = timedelta(hours=23)


def ticks(start: datetime, end: datetime) -> list[tuple[datetime, str]]:
    """Moments from `start` up to before `end` with their labels: times of day, and the date where a day begins."""
    minutes = (end - start) / timedelta(minutes=1)
    step = next((step for step in _MINUTES if step * MOST >= minutes), None)
    moments = _midnights(start, end) if step is None else _of_day(start, end, step)
    return [(at, _label(at)) for at in moments if start <= at < end]


def day(at: datetime) -> str:
    return display.local(at, "DAY_MONTH_FORMAT")


def moment(at: datetime, step: timedelta) -> str:
    """How a table names a step of this length."""
    return display.local(at, "WEEKDAY_FORMAT" if step >= WHOLE_DAYS else "THIS_YEAR_FORMAT")


def _midnights(start: datetime, end: datetime) -> list[datetime]:
    found = [at for at in (_at(each, 0) for each in _days(start, end)) if start <= at < end]
    return found[:: next((step for step in _DAYS if step * MOST >= len(found)), _DAYS[-1])]


def _of_day(start: datetime, end: datetime, step: int) -> Iterator[datetime]:
    for each in _days(start, end):
        for minute in range(0, 24 * 60, step):
            yield _at(each, minute)


def _days(start: datetime, end: datetime) -> Iterator[date]:
    each, last = timezone.localtime(start).date(), timezone.localtime(end).date()
    while each <= last:
        yield each
        each += DAY


def _at(each: date, minute: int) -> datetime:
    # A time that the clocks skip or show twice is one of the moments beside it: a label may be off, never missing.
    return datetime.combine(each, time(minute // 60, minute % 60), timezone.get_current_timezone())


def _label(at: datetime) -> str:
    here = timezone.localtime(at)
    return day(at) if here.time() == time.min else display.local(at, "TIME_FORMAT")
