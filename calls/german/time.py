"""Turns what a caller said about day and time into one instant, or into a reason to ask. It never guesses."""

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from askpro.reading import clean
from calls.german.clock import Clock, Window, resolve_minute
from calls.german.days import resolve_day
from calls.german.moment import Moment, Reason, Unclear
from calls.german.opening_hours import OpeningHours
from calls.german.reading import Reading, read

_LONGEST_FIELD: Final = 200


def parse_wish(
    datum: str, uhrzeit: str, *, said_at: datetime, zone: ZoneInfo, opening_hours: OpeningHours
) -> Moment | Unclear:
    """The instant that the caller named in the two fields, or why they name none.

    Relative words ("morgen", "Montag") count from `said_at` (aware, the start of the call) in the branch's
    `zone`, never from the time of parsing. Either field may hold both day and time, in any order; everything
    said must agree, and a word that is not understood makes the whole unclear. A missing year means the next
    such date. A time that can be read twice on the dial ("um 4", "halb drei") is decided by the day's window
    or by `opening_hours`, if exactly one reading is left; a full time is taken as said, open or not. The
    result lies after `said_at` and at most twelve months ahead. Raises ValueError when `said_at` is naive.
    """
    if said_at.utcoffset() is None:
        raise ValueError("said_at must be aware: the caller's words are relative to an instant.")
    words = clean(" / ".join(field for field in (datum.strip(), uhrzeit.strip()) if field), 2 * _LONGEST_FIELD)
    if max(len(datum), len(uhrzeit)) > _LONGEST_FIELD:
        return Unclear(Reason.UNREADABLE, words)
    reading = read(datum, uhrzeit).localised(zone)
    return _Wish(reading, words, said_at, zone, opening_hours).resolve()


def names_day_and_time(datum: str, uhrzeit: str) -> bool:
    """Whether a day and a time of day are stated at all, in whichever field, clear or not."""
    if max(len(datum), len(uhrzeit)) > _LONGEST_FIELD:
        return False
    reading = read(datum, uhrzeit)
    return bool(reading.instants) or bool(reading.days and reading.clocks)


class _Wish:
    """Turns a reading into an instant; the first obstacle becomes the reason."""

    def __init__(
        self, reading: Reading, words: str, said_at: datetime, zone: ZoneInfo, opening_hours: OpeningHours
    ) -> None:
        self.reading = reading
        self.words = words
        self.said_at = said_at
        self.zone = zone
        self.opening_hours = opening_hours

    def resolve(self) -> Moment | Unclear:
        today = self.said_at.astimezone(self.zone).date()
        day = resolve_day(self.reading.days, today)
        if isinstance(day, Reason):
            return self._unclear(day, None)
        if day < today:
            return self._unclear(Reason.PAST_DATE, None)
        if day > _a_year_after(today):
            return self._unclear(Reason.TOO_FAR, None)
        minute = resolve_minute(self.reading.clocks, day, self.opening_hours, approximate=self.reading.approximate)
        if isinstance(minute, Reason):
            return self._unclear(minute, day)
        if self.reading.unread:
            return self._unclear(Reason.UNREADABLE, day)
        return self._moment(day, minute)

    def _moment(self, day: date, minute: int) -> Moment | Unclear:
        starts_at = self._instant(datetime.combine(day, time(*divmod(minute, 60))))
        if isinstance(starts_at, Reason):
            return self._unclear(starts_at, day)
        if starts_at <= self.said_at:
            return self._unclear(Reason.PAST_DATE, None)
        return Moment(starts_at)

    def _instant(self, local: datetime) -> datetime | Reason:
        """The instant at which the branch's clocks show this time, which may be never or twice."""
        stated = {each.astimezone(UTC) for each in self.reading.instants if self._shown(each) == local}
        if stated:
            return stated.pop() if len(stated) == 1 else Reason.AMBIGUOUS_LOCAL_TIME
        first = local.replace(tzinfo=self.zone, fold=0)
        second = local.replace(tzinfo=self.zone, fold=1)
        starts_at = first.astimezone(UTC)
        if first.utcoffset() == second.utcoffset():
            return starts_at
        return Reason.AMBIGUOUS_LOCAL_TIME if self._shown(starts_at) == local else Reason.NONEXISTENT_TIME

    def _shown(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def _unclear(self, reason: Reason, day: date | None) -> Unclear:
        if self.reading.unread and reason in {Reason.NO_DATE, Reason.NO_TIME}:
            reason = Reason.UNREADABLE
        windows = [fact for fact in self.reading.clocks if isinstance(fact, Window)]
        lone_window = len(windows) == 1 and not any(isinstance(fact, Clock) for fact in self.reading.clocks)
        return Unclear(reason, self.words, day, windows[0].edges if lone_window else None)


def _a_year_after(day: date) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leap_day else day.day)
