from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from calls.german.clock import Clock, ClockFact, UnclearClock, Window, clock_at, read_clock
from calls.german.dates import CalendarDay, DayFact, UnclearDay, read_day, read_lone_day
from calls.german.moment import Reason
from calls.german.tokens import Kind, Token, tokenise, word
from calls.german.words import APPROXIMATE, FILLERS, WINDOWS


@dataclass(frozen=True, slots=True)
class Reading:
    """Every statement found in what was said, and the words that were not understood."""

    days: tuple[DayFact, ...] = ()
    clocks: tuple[ClockFact, ...] = ()
    instants: tuple[datetime, ...] = ()
    approximate: bool = False
    unread: tuple[str, ...] = ()

    def localised(self, zone: ZoneInfo) -> "Reading":
        """The instants as a day and a time in this zone, so that they can be held against the other words."""
        days, clocks = list(self.days), list(self.clocks)
        for instant in self.instants:
            local = instant.astimezone(zone)
            # The agent wrote a wall clock with another zone's offset: which of the two did the caller hear?
            if instant.utcoffset() not in {timedelta(0), local.utcoffset()}:
                clocks.append(UnclearClock(Reason.AMBIGUOUS_TIME))
            days.append(CalendarDay(local.day, local.month, local.year))
            clocks.append(Clock(frozenset({local.hour * 60 + local.minute})))
        return replace(self, days=tuple(days), clocks=tuple(clocks))


def read(day_field: str, time_field: str) -> Reading:
    """Reads both fields from left to right, each token once."""
    tokens = tokenise(day_field, time_field)
    notes = _Notes()
    at = 0
    while at < len(tokens):
        at += _take(tokens, at, notes)
    return Reading(
        tuple(notes.days), tuple(notes.clocks), tuple(notes.instants), notes.approximate, tuple(notes.unread)
    )


@dataclass(slots=True)
class _Notes:
    days: list[DayFact] = field(default_factory=list)
    clocks: list[ClockFact] = field(default_factory=list)
    instants: list[datetime] = field(default_factory=list)
    approximate: bool = False
    unread: list[str] = field(default_factory=list)
    day_ended_at: int = -1


def _take(tokens: Sequence[Token], at: int, notes: _Notes) -> int:
    """Notes what begins at this token; returns the number of tokens taken."""
    token = tokens[at]
    if token.kind is Kind.ISO:
        _take_iso(token.text, notes)
        return 1
    if token.text == "morgen" and (notes.day_ended_at == at or word(tokens, at - 1) == "am"):
        # "Freitag morgen", "heute morgen", "am Morgen": the morning, not tomorrow.
        notes.clocks.append(Window(WINDOWS["morgens"]))
        return 1
    if day := read_day(tokens, at):
        notes.days.append(day[0])
        notes.day_ended_at = at + day[1]
        return day[1]
    if clock := read_clock(tokens, at):
        notes.clocks.append(clock[0])
        return clock[1]
    if lone_day := read_lone_day(tokens, at):
        notes.days.append(lone_day[0])
        return lone_day[1]
    _take_small_word(token, notes)
    return 1


def _take_iso(text: str, notes: _Notes) -> None:
    day, clock = text[:10], text[11:]
    if not clock:
        notes.days.append(CalendarDay(*(int(part) for part in (day[8:], day[5:7], day[:4]))))
        return
    try:
        moment = datetime.fromisoformat(text.upper())
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        notes.days.append(UnclearDay(Reason.INVALID_DATE))
        return
    if moment.tzinfo is not None:
        notes.instants.append(moment)
    else:
        notes.days.append(CalendarDay(moment.day, moment.month, moment.year))
        notes.clocks.append(clock_at(moment.hour, moment.minute, full=True))
    if moment.second or moment.microsecond:
        notes.clocks.append(UnclearClock(Reason.INVALID_TIME))


def _take_small_word(token: Token, notes: _Notes) -> None:
    if token.text in APPROXIMATE:
        notes.approximate = True
    elif token.text not in FILLERS and token.kind not in {Kind.PAUSE, Kind.DASH, Kind.FIELD}:
        notes.unread.append(token.text)
