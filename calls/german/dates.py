from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from calls.german.moment import Reason
from calls.german.tokens import Kind, Token, number, ordinal, word, year
from calls.german.words import AFTER_NEXT, DAYS_FROM_TODAY, MONTHS, NEXT, THIS, VAGUE_SPANS, WEEKDAYS


@dataclass(frozen=True, slots=True)
class DaysAhead:
    days: int


@dataclass(frozen=True, slots=True)
class Weekday:
    index: int


@dataclass(frozen=True, slots=True)
class CalendarDay:
    day: int
    month: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Week:
    ahead: int


@dataclass(frozen=True, slots=True)
class UnclearDay:
    reason: Reason


DayFact = DaysAhead | Weekday | CalendarDay | Week | UnclearDay


def read_day(tokens: Sequence[Token], at: int) -> tuple[DayFact, int] | None:
    """The statement about a day that begins at this token, and how many tokens it takes."""
    return _written_date(tokens, at) or _spoken_date(tokens, at) or _week_or_weekday(tokens, at)


def read_lone_day(tokens: Sequence[Token], at: int) -> tuple[DayFact, int] | None:
    """ "der zwanzigste", "im Dezember": a part of a date, and the rest would be a guess."""
    lone = ordinal(tokens, at) is not None or number(tokens, at) is not None or word(tokens, at) in MONTHS
    return (UnclearDay(Reason.AMBIGUOUS_DATE), 1) if lone else None


def resolve_day(facts: Sequence[DayFact], today: date) -> date | Reason:
    """The one day on which all statements agree, or why there is none.

    Weekdays and weeks choose a day only when no date was said; beside a date they must agree with it.
    """
    unclear = [fact.reason for fact in facts if isinstance(fact, UnclearDay)]
    if unclear:
        return Reason.VAGUE_WEEK if Reason.VAGUE_WEEK in unclear else unclear[0]
    try:
        days = {_dated(fact, today) for fact in facts if isinstance(fact, (DaysAhead, CalendarDay))}
    except (ValueError, OverflowError):
        return Reason.INVALID_DATE
    weekdays = {fact.index for fact in facts if isinstance(fact, Weekday)}
    weeks = {fact.ahead for fact in facts if isinstance(fact, Week)}
    if len(days) > 1 or (not days and len(weekdays) > 1):
        return Reason.AMBIGUOUS_DATE
    if days:
        return _agreeing(days.pop(), weekdays, weeks, today)
    return _named_by_weekday(weekdays, weeks, today)


def is_clock_pair(tokens: Sequence[Token], at: int) -> bool:
    """Whether 16.30 at this place is a time: before "Uhr", after "um", or in the field for the time."""
    written = tokens[at].text.rstrip(".").split(".")
    said_as_time = word(tokens, at + 1) == "uhr" or word(tokens, at - 1) == "um" or tokens[at].in_time_field
    return said_as_time and len(written[1]) == 2 and " " not in written[1]


def _written_date(tokens: Sequence[Token], at: int) -> tuple[DayFact, int] | None:
    token = tokens[at]
    if token.kind is Kind.DATE:
        day, month, written_year = token.text.replace(" ", "").split(".")
        return CalendarDay(int(day), int(month), int(written_year) + (2000 if len(written_year) == 2 else 0)), 1
    if token.kind is not Kind.PAIR or is_clock_pair(tokens, at):
        return None
    day, month, *_ = token.text.replace(" ", "").split(".")
    stated_year = year(tokens, at + 1)
    if stated_year is not None:
        return CalendarDay(int(day), int(month), stated_year), 2
    # "15.1" may be what is left of 15.10., 15.11. or 15.12.
    if month == "1" and not token.text.endswith("."):
        return UnclearDay(Reason.AMBIGUOUS_DATE), 1
    return CalendarDay(int(day), int(month)), 1


def _spoken_date(tokens: Sequence[Token], at: int) -> tuple[DayFact, int] | None:
    """ "13. Dezember", "ersten Dezember 2025", "20 Nov.", "fünfzehnter Elfter"."""
    counted = ordinal(tokens, at)
    day = counted if counted is not None else number(tokens, at)
    month = MONTHS.get(word(tokens, at + 1))
    if month is None and counted is not None:
        month = ordinal(tokens, at + 1)
    if day is None or month is None:
        return None
    taken = 2
    if at + taken < len(tokens) and tokens[at + taken].kind is Kind.PAUSE:
        taken += 1
    stated_year = year(tokens, at + taken)
    if stated_year is None:
        return CalendarDay(day, month), 2
    return CalendarDay(day, month, stated_year), taken + 1


def _week_or_weekday(tokens: Sequence[Token], at: int) -> tuple[DayFact, int] | None:
    first, second = word(tokens, at), word(tokens, at + 1)
    if first in AFTER_NEXT and second in WEEKDAYS:
        return UnclearDay(Reason.AMBIGUOUS_DATE), 2
    if first in THIS | NEXT and second in WEEKDAYS:
        return Weekday(WEEKDAYS[second]), 2
    if first in THIS | NEXT | AFTER_NEXT and second == "woche":
        return Week(0 if first in THIS else 1 if first in NEXT else 2), 2
    if first in WEEKDAYS:
        return Weekday(WEEKDAYS[first]), 1
    if first in VAGUE_SPANS:
        return UnclearDay(Reason.VAGUE_WEEK), 1
    if first in DAYS_FROM_TODAY:
        return DaysAhead(DAYS_FROM_TODAY[first]), 1
    return None


def _dated(fact: DaysAhead | CalendarDay, today: date) -> date:
    if isinstance(fact, DaysAhead):
        return today + timedelta(days=fact.days)
    if fact.year is not None:
        return date(fact.year, fact.month, fact.day)
    this_year = (fact.month, fact.day) >= (today.month, today.day)
    return date(today.year if this_year else today.year + 1, fact.month, fact.day)


def _agreeing(day: date, weekdays: set[int], weeks: set[int], today: date) -> date | Reason:
    if weekdays - {day.weekday()}:
        return Reason.WEEKDAY_MISMATCH
    if weeks - {(_monday(day) - _monday(today)).days // 7}:
        return Reason.AMBIGUOUS_DATE
    return day


def _named_by_weekday(weekdays: set[int], weeks: set[int], today: date) -> date | Reason:
    """The first such weekday after today, whether "Montag", "diesen", "kommenden" or "nächsten Montag"."""
    if len(weeks) > 1 or (weeks and not weekdays):
        return Reason.VAGUE_WEEK
    if not weekdays:
        return Reason.NO_DATE
    weekday = weekdays.pop()
    if weeks:
        return _monday(today) + timedelta(weeks=weeks.pop(), days=weekday)
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
