"""Which days are like any other: on holidays and closed days nobody expects calls."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from calls import holidays
from calls.models import Branch

DAY: Final = timedelta(days=1)
# From Christmas Eve to New Year most are closed or have half days, whatever they have entered.
CHRISTMAS: Final = ((12, 24), (1, 1))


def shares(branches: Iterable[Branch], first: date, last: date) -> Mapping[date, float]:
    """How much of a company is open by the calendar, for each day that differs from others: 0 if all its branches are
    closed. Its weekly hours do not count here: they are in its habit.
    """
    closed = [_closed(branch, first, last) for branch in branches]
    days = set().union(*closed) if closed else set()
    return {day: 1.0 - sum(day in each for each in closed) / len(closed) for day in days}


def _closed(branch: Branch, first: date, last: date) -> set[date]:
    named = set(holidays.public_holidays(branch.home, branch.state, first - DAY, last + DAY))
    public = named or holidays.national_holidays(branch.home, first - DAY, last + DAY)
    every = [first + DAY * number for number in range((last - first).days + 1)]
    quiet = {day for day in every if _is_christmas(day) or _is_bridge(day, public)}
    return set(branch.closed_on(first, last)) | public | quiet


def _is_christmas(day: date) -> bool:
    begin, end = CHRISTMAS
    return (day.month, day.day) >= begin or (day.month, day.day) <= end


def _is_bridge(day: date, public: set[date]) -> bool:
    """A Friday after a holiday, or a Monday before one: many take it off."""
    return (day.weekday() == 4 and day - DAY in public) or (day.weekday() == 0 and day + DAY in public)
