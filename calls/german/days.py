"""Statements about a day: which day each names or fits, and the one day on which all agree."""

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Protocol, TypeVar

from calls.german.moment import Reason

# A day that has just passed, named without a year, hardly means the one in ten months or more.
_JUST_PAST: Final = timedelta(weeks=8)


class DayFact(Protocol):
    def fits(self, day: date, today: date) -> bool:
        """Whether the statement, made today, is true of this day."""


@dataclass(frozen=True, slots=True)
class DaysAhead:
    """ "morgen", "in drei Tagen"."""

    days: int

    def fits(self, day: date, today: date) -> bool:
        return day == today + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    day: int
    month: int
    year: int | None = None

    def fits(self, day: date, today: date) -> bool:
        return (day.day, day.month) == (self.day, self.month) and self.year in {None, day.year}


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """ "am ersten Montag im Dezember"; the last is -1. Without a month, another statement names it."""

    nth: int
    index: int
    month: int | None = None
    year: int | None = None

    def fits(self, day: date, today: date) -> bool:
        stated = self.month in {None, day.month} and self.year in {None, day.year}
        return stated and day == self.within(day.year, day.month)

    def within(self, year: int, month: int) -> date:
        first_weekday, length = monthrange(year, month)
        first = 1 + (self.index - first_weekday) % 7
        days = range(first, length + 1, 7)
        if not self.nth or self.nth > len(days):
            raise ValueError("no such weekday in this month")
        return date(year, month, days[self.nth - 1 if self.nth > 0 else self.nth])


@dataclass(frozen=True, slots=True)
class DayOfMonth:
    """ "den 26."."""

    day: int

    def fits(self, day: date, today: date) -> bool:
        return day.day == self.day


@dataclass(frozen=True, slots=True)
class Weekday:
    index: int

    def fits(self, day: date, today: date) -> bool:
        return day.weekday() == self.index


@dataclass(frozen=True, slots=True)
class WeekdayLater:
    """ "Montag in einer Woche": this many weeks after the coming Monday."""

    index: int
    weeks: int

    def fits(self, day: date, today: date) -> bool:
        return day == self.of(today)

    def of(self, today: date) -> date:
        return _coming(self.index, today) + timedelta(weeks=self.weeks)


@dataclass(frozen=True, slots=True)
class WeeksAhead:
    """ "in einer Woche", "in 14 Tagen"."""

    weeks: int

    def fits(self, day: date, today: date) -> bool:
        return (_monday(day) - _monday(today)).days == 7 * self.weeks


@dataclass(frozen=True, slots=True)
class Week:
    """ "nächste Woche"."""

    ahead: int

    def fits(self, day: date, today: date) -> bool:
        return (_monday(day) - _monday(today)).days == 7 * self.ahead


@dataclass(frozen=True, slots=True)
class CalendarWeek:
    """ "KW 49" of ISO 8601."""

    number: int

    def fits(self, day: date, today: date) -> bool:
        return day.isocalendar().week == self.number


@dataclass(frozen=True, slots=True)
class Month:
    """ "nächsten Monats"."""

    ahead: int

    def fits(self, day: date, today: date) -> bool:
        return (day.year - today.year) * 12 + day.month - today.month == self.ahead

    def of(self, today: date) -> tuple[int, int]:
        months = today.year * 12 + today.month - 1 + self.ahead
        return months // 12, months % 12 + 1


@dataclass(frozen=True, slots=True)
class Year:
    """ "nächsten Jahres"."""

    ahead: int

    def fits(self, day: date, today: date) -> bool:
        return day.year - today.year == self.ahead


@dataclass(frozen=True, slots=True)
class UnclearDay:
    reason: Reason

    def fits(self, day: date, today: date) -> bool:
        return False


_Fact = TypeVar("_Fact", bound=DayFact)


def resolve_day(facts: Sequence[DayFact], today: date) -> date | Reason:
    """The one day on which all statements agree, or why there is none.

    Weekdays, weeks and parts of a date choose a day only if no date was said; if one was, they must agree with it.
    """
    unclear = [fact.reason for fact in facts if isinstance(fact, UnclearDay)]
    if unclear:
        return Reason.VAGUE_WEEK if Reason.VAGUE_WEEK in unclear else unclear[0]
    try:
        day = _dated(facts, today) or _chosen(facts, today)
        if isinstance(day, Reason):
            return day
        odd = [fact for fact in facts if not fact.fits(day, today)]
    except (ValueError, OverflowError):
        return Reason.INVALID_DATE
    if not odd:
        return day
    weekdays = {fact for fact in facts if isinstance(fact, Weekday)}
    return Reason.WEEKDAY_MISMATCH if weekdays == set(odd) and len(weekdays) == 1 else Reason.AMBIGUOUS_DATE


def _dated(facts: Sequence[DayFact], today: date) -> date | Reason | None:
    """The day of the first statement that names one by itself."""
    year, month = _first(Year, facts), _first(Month, facts)
    if ahead := _first(DaysAhead, facts):
        return today + timedelta(days=ahead.days)
    if written := _first(CalendarDay, facts):
        if written.year is not None:
            return date(written.year, written.month, written.day)
        return _in_its_year(lambda year: date(year, written.month, written.day), year, today)
    if nth := _first(NthWeekday, facts):
        return _nth(nth, year, month, today)
    if later := _first(WeekdayLater, facts):
        # Said on a Monday, "Montag in einer Woche" counts from today for some, and from the next Monday for others.
        return later.of(today) if later.index != today.weekday() else Reason.AMBIGUOUS_DATE
    lone = _first(DayOfMonth, facts)
    return date(*month.of(today), lone.day) if lone and month else None


def _nth(nth: NthWeekday, year: Year | None, month: Month | None, today: date) -> date | Reason:
    in_month = nth.month
    if in_month is None:
        return nth.within(*month.of(today)) if month else Reason.AMBIGUOUS_DATE
    if nth.year is not None:
        return nth.within(nth.year, in_month)
    return _in_its_year(lambda year: nth.within(year, in_month), year, today)


def _chosen(facts: Sequence[DayFact], today: date) -> date | Reason:
    """The day chosen by statements that name none by themselves: the weekday, if the others leave exactly one."""
    weekday, in_weeks = _first(Weekday, facts), _first(WeeksAhead, facts)
    if weekday is None:
        if in_weeks:
            return today + timedelta(weeks=in_weeks.weeks)
        if _first(Week, facts) or _first(CalendarWeek, facts):
            return Reason.VAGUE_WEEK
        return Reason.AMBIGUOUS_DATE if facts else Reason.NO_DATE
    if lone := _first(DayOfMonth, facts):
        return _next_day_of_month(lone, weekday, today)
    if calendar_week := _first(CalendarWeek, facts):
        number, index = calendar_week.number, weekday.index
        year = _first(Year, facts)
        return _in_its_year(lambda year: date.fromisocalendar(year, number, index + 1), year, today)
    if week := _first(Week, facts):
        return _monday(today) + timedelta(weeks=week.ahead, days=weekday.index)
    # "In einer Woche am Freitag", said on a Saturday, may be two days: this one does not fit the week.
    return _coming(weekday.index, today) + timedelta(weeks=in_weeks.weeks if in_weeks else 0)


def _in_its_year(dated: Callable[[int], date], year: Year | None, today: date) -> date | Reason:
    """The next such day of the calendar, unless the last one is so recent that it may be meant."""
    if year is not None:
        return dated(today.year + year.ahead)
    years = (today.year - 1, today.year, today.year + 1)
    days = [day for each in years if (day := _or_none(dated, each)) is not None]
    ahead = [day for day in days if day >= today]
    if not ahead:
        return Reason.INVALID_DATE
    if ahead[0] > today and any(today - _JUST_PAST <= day < today for day in days):
        return Reason.PAST_DATE
    return ahead[0]


def _or_none(dated: Callable[[int], date], year: int) -> date | None:
    try:
        return dated(year)
    except ValueError:
        return None


def _next_day_of_month(lone: DayOfMonth, weekday: Weekday, today: date) -> date | Reason:
    """The next 26th; later months in which it falls on the named weekday are not searched."""
    months = [Month(ahead).of(today) for ahead in (0, 1, 2)]
    days = [date(*month, lone.day) for month in months if 1 <= lone.day <= monthrange(*month)[1]]
    ahead = [day for day in days if day >= today]
    if not ahead:
        return Reason.INVALID_DATE
    if any(day < today and weekday.fits(day, today) for day in days):
        return Reason.PAST_DATE
    return ahead[0]


def _first(kind: type[_Fact], facts: Sequence[DayFact]) -> _Fact | None:
    return next((fact for fact in facts if isinstance(fact, kind)), None)


def _coming(weekday: int, today: date) -> date:
    """The first such weekday after today, whether "Montag", "diesen", "kommenden" or "nächsten Montag" was said."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
