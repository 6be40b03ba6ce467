"""Reads the statement about a day that begins at a token."""

from collections.abc import Sequence
from typing import Final

from calls.german.days import (
    CalendarDay,
    CalendarWeek,
    DayFact,
    DayOfMonth,
    DaysAhead,
    Month,
    NthWeekday,
    UnclearDay,
    Week,
    Weekday,
    WeekdayLater,
    WeeksAhead,
    Year,
)
from calls.german.moment import Reason
from calls.german.tokens import Kind, Token, number, ordinal, word, year
from calls.german.words import (
    AFTER_NEXT,
    ARTICLES,
    DAYS,
    DAYS_FROM_TODAY,
    LAST,
    MONTH,
    MONTHS,
    NEXT,
    ONE,
    THIS,
    VAGUE_SPANS,
    WEEKDAYS,
    WEEKS,
    YEAR,
)

Read = tuple[DayFact, int] | None

# "In acht Tagen" is a week for most, and eight days for some.
_IDIOM: Final = 8
_CALENDAR_WEEK: Final = frozenset({"kw", "kalenderwoche"})


def read_day(tokens: Sequence[Token], at: int) -> Read:
    """The statement about a day that begins at this token, and how many tokens it takes."""
    return (
        _written_date(tokens, at)
        or _nth_weekday(tokens, at)
        or _spoken_date(tokens, at)
        or _calendar_week(tokens, at)
        or _span_ahead(tokens, at)
        or _days_from_today(tokens, at)
        or _weekday(tokens, at)
    )


def read_lone_day(tokens: Sequence[Token], at: int) -> Read:
    """ "der zwanzigste", "im Dezember": a part of a date, which others may complete."""
    day = ordinal(tokens, at)
    if day is None and word(tokens, at - 1) in ARTICLES:
        day = number(tokens, at)
    if day is not None:
        return DayOfMonth(day), 1
    lone = number(tokens, at) is not None or word(tokens, at) in MONTHS
    return (UnclearDay(Reason.AMBIGUOUS_DATE), 1) if lone else None


def is_clock_pair(tokens: Sequence[Token], at: int) -> bool:
    """Whether 16.30 at this place is a time: no month has that number, or the words around it say so."""
    second = tokens[at].text.rstrip(".").rpartition(".")[2]
    if " " in tokens[at].text or len(second) != 2:
        return False
    no_date = not 1 <= int(second) <= 12
    # "um 10.12." at the end of a sentence is 10:12, and in a hurry the 10th of December.
    said_as_time = word(tokens, at - 1) == "um" and not tokens[at].text.endswith(".")
    return no_date or said_as_time or word(tokens, at + 1) in {"uhr", "h"}


def _written_date(tokens: Sequence[Token], at: int) -> Read:
    token = tokens[at]
    if token.kind is Kind.DATE:
        day, month, written_year = token.text.replace(" ", "").rstrip(".").split(".")
        return CalendarDay(int(day), int(month), int(written_year) + (2000 if len(written_year) == 2 else 0)), 1
    if token.kind is not Kind.PAIR or is_clock_pair(tokens, at):
        return None
    day, month, *_ = token.text.replace(" ", "").split(".")
    stated_year = year(tokens, at + 1)
    if stated_year is not None:
        return CalendarDay(int(day), int(month), stated_year), 2
    # "15.1" may be a cut-off 15.10., 15.11. or 15.12., and "9.10" in the field for the time is a time.
    after_a_day = word(tokens, at - 1) in ARTICLES | WEEKDAYS.keys()
    doubtful = month == "1" or (token.in_time_field and len(month) == 2 and not after_a_day)
    if doubtful and not token.text.endswith("."):
        return UnclearDay(Reason.AMBIGUOUS_DATE), 1
    return CalendarDay(int(day), int(month)), 1


def _nth_weekday(tokens: Sequence[Token], at: int) -> Read:
    """ "ersten Montag im Dezember", "letzter Freitag im Monat", "1. Montag nächsten Monats"."""
    nth = -1 if word(tokens, at) in LAST else ordinal(tokens, at)
    index = WEEKDAYS.get(word(tokens, at + 1))
    if nth is None or nth > 5 or index is None:
        return None
    month = MONTHS.get(word(tokens, at + 3)) if word(tokens, at + 2) == "im" else None
    if month is None:
        return NthWeekday(nth, index), 2
    stated_year = year(tokens, at + 4)
    return NthWeekday(nth, index, month, stated_year), 4 if stated_year is None else 5


def _spoken_date(tokens: Sequence[Token], at: int) -> Read:
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


def _calendar_week(tokens: Sequence[Token], at: int) -> Read:
    """ "KW 49", "49. Kalenderwoche"; of "10. KW 15" only one is the week."""
    counted = number(tokens, at + 1)
    after = counted if counted is not None else ordinal(tokens, at + 1)
    if word(tokens, at) in _CALENDAR_WEEK:
        return (CalendarWeek(after), 2) if after is not None else None
    week = ordinal(tokens, at)
    if week is None or word(tokens, at + 1) not in _CALENDAR_WEEK:
        return None
    return (UnclearDay(Reason.AMBIGUOUS_DATE) if number(tokens, at + 2) is not None else CalendarWeek(week)), 2


def _span_ahead(tokens: Sequence[Token], at: int) -> Read:
    """ "in drei Tagen", "in einer Woche"."""
    if word(tokens, at) != "in":
        return None
    count = 1 if word(tokens, at + 1) in ONE else number(tokens, at + 1)
    unit = word(tokens, at + 2)
    if not count or unit not in DAYS | WEEKS:
        return None
    if unit in WEEKS:
        return WeeksAhead(count), 3
    if count == _IDIOM:
        return UnclearDay(Reason.AMBIGUOUS_DATE), 3
    return (WeeksAhead(count // 7) if count % 7 == 0 else DaysAhead(count)), 3


def _days_from_today(tokens: Sequence[Token], at: int) -> Read:
    """ "morgen", "heute in 14 Tagen"."""
    ahead = DAYS_FROM_TODAY.get(word(tokens, at))
    if ahead is None:
        return None
    match _span_ahead(tokens, at + 1):
        case UnclearDay() as unclear, taken:
            return unclear, taken + 1
        case WeeksAhead(weeks), taken:
            return DaysAhead(ahead + 7 * weeks), taken + 1
        case DaysAhead(days), taken:
            return DaysAhead(ahead + days), taken + 1
    return DaysAhead(ahead), 1


def _weekday(tokens: Sequence[Token], at: int) -> Read:
    first, second = word(tokens, at), word(tokens, at + 1)
    if first in AFTER_NEXT and second in WEEKDAYS:
        return UnclearDay(Reason.AMBIGUOUS_DATE), 2
    named = 2 if first in THIS | NEXT else 1
    index = WEEKDAYS.get(second if named == 2 else first)
    if index is not None:
        return _weekday_later(tokens, at + named, index, named) or (Weekday(index), named)
    return _week_month_or_year(first, second) or ((UnclearDay(Reason.VAGUE_WEEK), 1) if first in VAGUE_SPANS else None)


def _weekday_later(tokens: Sequence[Token], at: int, index: int, named: int) -> Read:
    """ "Montag in zwei Wochen", "Montag in acht Tagen": beside a weekday, eight days are a week."""
    match _span_ahead(tokens, at):
        case WeeksAhead(weeks), taken:
            return WeekdayLater(index, weeks), named + taken
        case UnclearDay(), taken:
            return WeekdayLater(index, 1), named + taken
    return None


def _week_month_or_year(first: str, second: str) -> Read:
    """ "nächste Woche", "dieses Monats", "nächsten Jahres"."""
    ahead = 0 if first in THIS else 1 if first in NEXT else 2 if first in AFTER_NEXT else None
    if first in {"im", "des"} and second in MONTH:
        ahead = 0
    if ahead is None:
        return None
    if second == "woche":
        return Week(ahead), 2
    if second in MONTH:
        return Month(ahead), 2
    return (Year(ahead), 2) if second in YEAR else None
