"""Times of day in German words: on the hour, by halves and quarters, as a span or a bound."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from calls.german.dates import is_clock_pair
from calls.german.moment import Reason
from calls.german.opening_hours import OpeningHours
from calls.german.tokens import Kind, Token, number, ordinal, word
from calls.german.words import APPROXIMATE, ARTICLES, BOUNDS, MINUTES, MONTHS, WINDOWS, Span


@dataclass(frozen=True, slots=True)
class Clock:
    """The minutes since midnight that the words can mean: two for "halb drei", one for "16 Uhr".

    "10:30" hardly means the evening: that counts only if the branch is open then and closed in the morning.
    """

    minutes: frozenset[int]
    doubt: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    spans: tuple[Span, ...]

    @property
    def edges(self) -> tuple[time, time]:
        last = min(self.spans[0][1], 24 * 60 - 1)
        return time(*divmod(self.spans[0][0], 60)), time(*divmod(last, 60))


@dataclass(frozen=True, slots=True)
class Bound:
    """ "ab", "bis", "10-12 Uhr": an edge of a span, so no start was named."""


@dataclass(frozen=True, slots=True)
class UnclearClock:
    reason: Reason


ClockFact = Clock | Window | Bound | UnclearClock

_HOUR: Final = frozenset({"uhr", "h"})
_BEFORE_A_BARE_HOUR: Final = APPROXIMATE | BOUNDS | frozenset({"um", "punkt", "und", "oder"}) | WINDOWS.keys()
_DASHES: Final = frozenset({"-", "\u2013", "\u2014", "bis"})


def read_clock(tokens: Sequence[Token], at: int) -> tuple[ClockFact, int] | None:
    """The statement about a time of day that begins at this token, and its number of tokens."""
    return (
        _range(tokens, at)
        or _written(tokens, at)
        or _four_digits(tokens, at)
        or _quarter_or_half(tokens, at)
        or _minutes_beside(tokens, at)
        or _hour(tokens, at)
        or _bare_hour(tokens, at)
        or _span_word(tokens, at)
    )


def resolve_minute(
    facts: Sequence[ClockFact], day: date, opening_hours: OpeningHours, *, approximate: bool
) -> int | Reason:
    """The one minute of the day on which all statements agree, or why there is none.

    The dial shows twelve hours: the day's window ("nachmittags") and then the opening hours decide between
    the two readings, if they leave exactly one. An approximate time must be a full one: "gegen 14 Uhr" is
    14:00, "gegen zwei" would need two inferences.
    """
    if any(isinstance(fact, Bound) for fact in facts):
        return Reason.WINDOW_ONLY
    for fact in facts:
        if isinstance(fact, UnclearClock):
            return fact.reason
    clocks = [fact.minutes for fact in facts if isinstance(fact, Clock)]
    windows = [fact for fact in facts if isinstance(fact, Window)]
    if not clocks:
        return Reason.WINDOW_ONLY if windows else Reason.NO_TIME
    minutes = sorted(m for m in frozenset.intersection(*clocks) if all(_within(m, w) for w in windows))
    if len(minutes) > 1 and not approximate:
        minutes = list(opening_hours.open_minutes(day, minutes))
    if len(minutes) != 1 or _is_doubtful(minutes[0], facts, day, opening_hours):
        return Reason.AMBIGUOUS_TIME
    return minutes[0]


def clock_at(hour: int, minute: int, *, full: bool = False) -> Clock | UnclearClock:
    """The time on a dial: one to twelve can be before or after noon, unless it is a full 24-hour time."""
    if not (0 <= hour <= 23 and 0 <= minute <= 59):
        return UnclearClock(Reason.INVALID_TIME)
    return _dial(hour, minute, full=full)


def _dial(hour: int, offset: int, *, full: bool = False) -> Clock | UnclearClock:
    total = hour * 60 + offset
    if total < 0:
        return UnclearClock(Reason.AMBIGUOUS_TIME)
    if full and 10 <= hour <= 12:
        return Clock(frozenset({total}), doubt=(total + 720) % 1440)
    if full or not 1 <= hour <= 12:
        return Clock(frozenset({total}))
    return Clock(frozenset({total % 720, total % 720 + 720}))


def _is_doubtful(minute: int, facts: Sequence[ClockFact], day: date, opening_hours: OpeningHours) -> bool:
    doubts = [fact.doubt for fact in facts if isinstance(fact, Clock) and fact.doubt is not None]
    is_open = opening_hours.open_minutes
    return bool(is_open(day, doubts)) and not is_open(day, [minute])


def _within(minute: int, window: Window) -> bool:
    return any(start <= minute < end for start, end in window.spans)


def _range(tokens: Sequence[Token], at: int) -> tuple[ClockFact, int] | None:
    """ "10-12 Uhr", "zehn bis zwölf", "16:00 - 17:00"."""
    if at + 2 >= len(tokens) or tokens[at + 1].text not in _DASHES:
        return None
    edges = (tokens[at].kind is Kind.CLOCK or number(tokens, at) is not None) and (
        tokens[at + 2].kind is Kind.CLOCK or number(tokens, at + 2) is not None
    )
    return (Bound(), 4 if word(tokens, at + 3) == "uhr" else 3) if edges else None


def _written(tokens: Sequence[Token], at: int) -> tuple[ClockFact, int] | None:
    """16:30, 16.30 Uhr, 16h30. Two written digits and minutes are a 24-hour time, "4:30" may be either."""
    token = tokens[at]
    if token.kind is Kind.CLOCK:
        hour, minute, *seconds = token.text.split(":")
        if seconds and seconds != ["00"]:
            return UnclearClock(Reason.INVALID_TIME), 1
    elif token.kind is Kind.PAIR and is_clock_pair(tokens, at):
        hour, minute = token.text.rstrip(".").split(".")
    elif token.kind is Kind.COMMA:
        hour, minute = token.text.split(",")
        if int(minute) % 5 or _may_be_two_hours(int(hour), int(minute)):
            return UnclearClock(Reason.AMBIGUOUS_TIME), 1
    elif token.kind is Kind.HOURS:
        hour, _, minute = token.text.replace(" ", "").partition("h")
    else:
        return None
    full = len(hour) == 2 and (minute != "" or hour.startswith("0"))
    fact = clock_at(int(hour), int(minute or "0"), full=full)
    return fact, 2 if word(tokens, at + 1) in _HOUR else 1


def _four_digits(tokens: Sequence[Token], at: int) -> tuple[ClockFact, int] | None:
    """ "1430 Uhr"."""
    text = tokens[at].text
    if tokens[at].kind is not Kind.NUMBER or len(text) not in {3, 4} or word(tokens, at + 1) != "uhr":
        return None
    return clock_at(int(text[:-2]), int(text[-2:]), full=len(text) == 4), 2


def _quarter_or_half(tokens: Sequence[Token], at: int) -> tuple[ClockFact, int] | None:
    first, second = word(tokens, at), word(tokens, at + 1)
    if first == "halb":
        return _up_to_hour(tokens, at + 1, minutes_before=30, taken=1)
    if first == "dreiviertel":
        return _up_to_hour(tokens, at + 1, minutes_before=15, taken=1)
    if first == "drei" and second == "viertel":
        return _up_to_hour(tokens, at + 2, minutes_before=15, taken=2)
    if first == "viertel" and number(tokens, at + 1) is not None:
        # In the east "viertel vier" is a quarter past three; elsewhere it may be a cut-off "Viertel vor vier".
        return UnclearClock(Reason.AMBIGUOUS_TIME), 2
    if first == "viertel" and second in {"vor", "nach"}:
        return _beside(tokens, at + 2, 15 if second == "nach" else -15, taken=2)
    return None


def _minutes_beside(tokens: Sequence[Token], at: int) -> tuple[ClockFact, int] | None:
    """ "zehn vor drei", "fünf Minuten nach halb vier"."""
    minutes = number(tokens, at)
    after = at + 2 if word(tokens, at + 1) in MINUTES else at + 1
    side = word(tokens, after)
    if minutes is None or not 1 <= minutes <= 29 or side not in {"vor", "nach"}:
        return None
    return _beside(tokens, after + 1, minutes if side == "nach" else -minutes, taken=after + 1 - at)


def _beside(tokens: Sequence[Token], at: int, offset: int, *, taken: int) -> tuple[ClockFact, int] | None:
    if word(tokens, at) == "halb":
        return _up_to_hour(tokens, at + 1, minutes_before=30 - offset, taken=taken + 1)
    hour = number(tokens, at)
    if hour is None:
        return None
    fact = _dial(hour, offset) if hour <= 23 else UnclearClock(Reason.INVALID_TIME)
    return fact, taken + _length_of_hour(tokens, at)


def _up_to_hour(tokens: Sequence[Token], at: int, *, minutes_before: int, taken: int) -> tuple[ClockFact, int] | None:
    hour = number(tokens, at)
    if hour is None:
        return None
    fact = _dial(hour, -minutes_before) if 1 <= hour <= 12 else UnclearClock(Reason.AMBIGUOUS_TIME)
    return fact, taken + _length_of_hour(tokens, at)


def _length_of_hour(tokens: Sequence[Token], at: int) -> int:
    return 2 if word(tokens, at + 1) == "uhr" else 1


def _hour(tokens: Sequence[Token], at: int) -> tuple[ClockFact, int] | None:
    """ "16 Uhr", "vierzehn Uhr dreißig", "16 Uhr 30", "zehn Uhr null fünf"."""
    hour = number(tokens, at)
    if hour is None or word(tokens, at + 1) != "uhr":
        return None
    full = tokens[at].text.startswith("0")
    minute, taken = _minute(tokens, at + 2)
    if minute is None:
        return clock_at(hour, 0, full=full), 2
    taken += 2 + (word(tokens, at + 2 + taken) in MINUTES)
    return clock_at(hour, minute, full=full), taken


def _minute(tokens: Sequence[Token], at: int) -> tuple[int | None, int]:
    """The minute said after "Uhr", and its number of tokens; not a number of a date, and not another hour."""
    minute, taken = number(tokens, at), 1
    if minute == 0 and (unit := number(tokens, at + 1)) is not None and unit < 10:
        minute, taken = unit, 2
    if minute is None or word(tokens, at + taken) in MONTHS.keys() | {"uhr"}:
        return None, 0
    return minute, taken


def _bare_hour(tokens: Sequence[Token], at: int) -> tuple[ClockFact, int] | None:
    """ "um 4", "um sechzehn dreißig"; numbers alone only where a time is expected."""
    before = word(tokens, at - 1)
    # "um 16." ends a sentence.
    hour = ordinal(tokens, at) if before == "um" and tokens[at].text.endswith(".") else number(tokens, at)
    expected = tokens[at].in_time_field or before in _BEFORE_A_BARE_HOUR
    # "den 16" is a day, and "21. 4" a date.
    if hour is None or not expected or before in ARTICLES or tokens[at - 1].kind is Kind.ORDINAL:
        return None
    full = len(tokens[at].text) == 2 and tokens[at].text.startswith("0")
    minute = number(tokens, at + 1)
    if minute is None or word(tokens, at + 2) in MONTHS:
        return clock_at(hour, 0, full=full), 1
    taken = 3 if word(tokens, at + 2) == "uhr" else 2
    hours = taken == 3 and minute <= 23
    begins = before in _BEFORE_A_BARE_HOUR or tokens[at - 1].kind is Kind.FIELD
    if hours or not begins or minute % 5 or _may_be_two_hours(hour, minute) or minute < 10:
        return UnclearClock(Reason.AMBIGUOUS_TIME), taken
    return clock_at(hour, minute, full=full), taken


def _may_be_two_hours(hour: int, minute: int) -> bool:
    """Whether two numbers may be a choice ("9, 10 Uhr"), or one that was torn apart ("acht zehn Uhr")."""
    return hour < minute <= 23 and (minute - hour <= 2 or minute == 10)


def _span_word(tokens: Sequence[Token], at: int) -> tuple[ClockFact, int] | None:
    said = word(tokens, at)
    if said in WINDOWS:
        return Window(WINDOWS[said]), 1
    return (Bound(), 1) if said in BOUNDS else None
