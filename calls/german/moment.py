"""The result of reading the words for day and time: a moment, or why there is none."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum


class Reason(StrEnum):
    """Why a caller's words do not name one instant. A person must ask; nothing is assumed."""

    NO_DATE = "no_date"  # no day was said
    NO_TIME = "no_time"  # no time of day was said
    UNREADABLE = "unreadable"  # words that are not understood, so nothing around them is trusted
    AMBIGUOUS_DATE = "ambiguous_date"  # several days fit, or the statements contradict each other
    AMBIGUOUS_TIME = "ambiguous_time"  # several times of day fit, or none
    WEEKDAY_MISMATCH = "weekday_mismatch"  # "Mittwoch, den 20. November", and the 20th is a Thursday
    VAGUE_WEEK = "vague_week"  # a week without a day in it
    WINDOW_ONLY = "window_only"  # "nachmittags", "ab 14 Uhr": a span of time
    INVALID_DATE = "invalid_date"  # a day that is not in the calendar
    INVALID_TIME = "invalid_time"  # a time that is not on the clock
    NONEXISTENT_TIME = "nonexistent_time"  # skipped when the clocks go forward
    AMBIGUOUS_LOCAL_TIME = "ambiguous_local_time"  # happens twice when the clocks go back
    PAST_DATE = "past_date"  # not after the call
    TOO_FAR = "too_far"  # more than twelve months after the call


@dataclass(frozen=True, slots=True)
class Moment:
    """The one instant that the caller named: `starts_at` is aware and in UTC."""

    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Unclear:
    """What the caller said does not name one instant.

    `words` quotes the caller for the person who calls back. `day` and `window` hold what was understood all the same
    ("morgen Vormittag": tomorrow, 06:00 to 12:00), to look up alternatives, never to book.
    """

    reason: Reason
    words: str
    day: date | None = None
    window: tuple[time, time] | None = None
