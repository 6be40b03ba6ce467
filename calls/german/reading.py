"""Reads the words from left to right: every day and time that they name, and what was not understood."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from calls.german.clock import Bound, Clock, ClockFact, UnclearClock, Window, clock_at, read_clock
from calls.german.dates import read_day, read_lone_day
from calls.german.days import CalendarDay, DayFact, UnclearDay
from calls.german.moment import Reason
from calls.german.tokens import Kind, Token, tokenise, word
from calls.german.words import APPROXIMATE, ARTICLES, FILLERS, IN_BEFORE, WINDOWS


@dataclass(frozen=True, slots=True)
class Reading:
    """Every statement found in what was said, and the words that were not understood."""

    days: tuple[DayFact, ...] = ()
    clocks: tuple[ClockFact, ...] = ()
    instants: tuple[datetime, ...] = ()
    approximate: bool = False
    unread: tuple[str, ...] = ()

    def localised(self, zone: ZoneInfo) -> "Reading":
        """The instants as day and time in this zone, so that they can be compared with the other words."""
        days, clocks = list(self.days), list(self.clocks)
        for instant in self.instants:
            local = instant.astimezone(zone)
            # Language models put a Z after a local time, so it is unclear whether UTC or local time was said.
            if instant.utcoffset() != local.utcoffset():
                clocks.append(UnclearClock(Reason.AMBIGUOUS_TIME))
            _note_moment(local, days, clocks)
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
    clock_ended_at: int = -1


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
        notes.days.append(UnclearDay(Reason.AMBIGUOUS_DATE) if _is_approximate(tokens, at) else day[0])
        notes.day_ended_at = at + day[1]
        return day[1]
    if clock := read_clock(tokens, at):
        notes.clocks.append(_beside_the_last(clock[0], tokens, at, notes))
        notes.clock_ended_at = at + clock[1]
        return clock[1]
    if lone_day := read_lone_day(tokens, at):
        # "16 Uhr 30." may be a minute, and the end of a sentence.
        follows = notes.clock_ended_at == at
        notes.days.append(UnclearDay(Reason.AMBIGUOUS_DATE) if follows else lone_day[0])
        return lone_day[1]
    _take_small_word(tokens, at, notes)
    return 1


def _is_approximate(tokens: Sequence[Token], at: int) -> bool:
    """ "so am Freitag", "ca. 20.11.", "um den 20.11."."""
    before = at - 1
    while word(tokens, before) in ARTICLES | {"die"} or (before > 0 and tokens[before].text == "."):
        before -= 1
    return word(tokens, before) in APPROXIMATE or (word(tokens, before) == "um" and before < at - 1)


def _beside_the_last(fact: ClockFact, tokens: Sequence[Token], at: int, notes: _Notes) -> ClockFact:
    """The statement, compared with the time that was said just before it in the same field.

    Two times count as one only if they are the same, or if the second explains the first ("16 Uhr, also vier").
    Otherwise one of "8 Uhr, 20 Uhr" would be chosen because both are the same on the dial.
    """
    last = notes.clocks[-1] if notes.clocks and notes.clock_ended_at > -1 else None
    between = tokens[notes.clock_ended_at : at]
    if not isinstance(last, Clock) or not isinstance(fact, Clock) or any(t.kind is Kind.FIELD for t in between):
        return fact
    if any(token.kind is Kind.DASH for token in between):
        return Bound()
    explains = any(token.text in {"also", "("} for token in between)
    return fact if explains or fact == last else UnclearClock(Reason.AMBIGUOUS_TIME)


def _take_iso(text: str, notes: _Notes) -> None:
    try:
        moment = datetime.fromisoformat(text.upper())
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        notes.days.append(UnclearDay(Reason.INVALID_DATE))
        return
    if moment.tzinfo is not None:
        notes.instants.append(moment)
    else:
        _note_moment(moment, notes.days, notes.clocks)
    if moment.second or moment.microsecond:
        notes.clocks.append(UnclearClock(Reason.INVALID_TIME))


def _note_moment(moment: datetime, days: list[DayFact], clocks: list[ClockFact]) -> None:
    """Note the day and the time; midnight only fills the place of a time in a field for dates."""
    days.append(CalendarDay(moment.day, moment.month, moment.year))
    if moment.time() != time():
        clocks.append(clock_at(moment.hour, moment.minute, full=True))


def _take_small_word(tokens: Sequence[Token], at: int, notes: _Notes) -> None:
    token = tokens[at]
    if token.text in APPROXIMATE:
        notes.approximate = True
    elif token.text == "am" and notes.clock_ended_at == at and _is_last(tokens, at):
        # "4 am" is not German.
        notes.unread.append(token.text)
    elif token.text == "in" and word(tokens, at + 1) in IN_BEFORE:
        return
    elif token.text not in FILLERS and token.kind not in {Kind.PAUSE, Kind.DASH, Kind.FIELD}:
        notes.unread.append(token.text)


def _is_last(tokens: Sequence[Token], at: int) -> bool:
    return at + 1 == len(tokens) or tokens[at + 1].kind in {Kind.FIELD, Kind.PAUSE}
