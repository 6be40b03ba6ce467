"""The quarters of an hour down the side of the calendar, as clocks show them: one axis for all of its days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from appointments.admin.calendar.period import midnight

QUARTER = timedelta(minutes=15)
A_DAY = 96


class Mark(NamedTuple):
    """A quarter of an hour on a clock, counted from midnight. `fold`: the second time, when clocks go back."""

    quarter: int
    fold: int = 0


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the calendar: the first, counted from 0, and how many."""

    first: int
    count: int

    @property
    def end(self) -> int:
        return self.first + self.count


@dataclass(frozen=True, slots=True)
class Axis:
    """Every quarter that the clocks show on any of the days, in order; a day whose clocks leave one out has a gap."""

    zone: ZoneInfo
    marks: tuple[Mark, ...]

    @classmethod
    def of(cls, days: Iterable[date], zone: ZoneInfo) -> Self:
        marks = [Mark(number) for number in range(A_DAY)]
        for day in days:
            shown = marks_of(day, zone)
            second = [mark for mark in shown if mark.fold and mark not in marks]
            if second:
                later = [mark for mark in shown[shown.index(second[-1]) + 1 :] if mark in marks]
                place = marks.index(later[0]) if later else len(marks)
                marks[place:place] = second
        return cls(zone, tuple(marks))

    def rows(self, begins: datetime, ends: datetime, day: date) -> Rows:
        """The rows that a span takes on this day; what lies on other days is cut off, and nothing is without a row."""
        starts, last = midnight(day, self.zone), midnight(day + timedelta(days=1), self.zone)
        first = self._row(min(max(begins.astimezone(UTC), starts), last - QUARTER))
        end = self._row(max(min(ends.astimezone(UTC), last) - timedelta(microseconds=1), starts))
        return Rows(first, max(end - first, 0) + 1)

    def gaps(self, day: date) -> list[Rows]:
        """The rows whose quarters this day's clocks never show."""
        shown = set(marks_of(day, self.zone))
        missing = [row for row, mark in enumerate(self.marks) if mark not in shown]
        return _runs(missing)

    def cut(self, taken: Sequence[Rows]) -> Rows:
        """The whole hours around all of these rows."""
        first, end = min(rows.first for rows in taken), max(rows.end for rows in taken)
        while first > 0 and self.marks[first].quarter % 4:
            first -= 1
        while end < len(self.marks) and self.marks[end].quarter % 4:
            end += 1
        return Rows(first, end - first)

    def _row(self, moment: datetime) -> int:
        return self.marks.index(_mark(moment, self.zone))


def marks_of(day: date, zone: ZoneInfo) -> list[Mark]:
    """The quarters that the clocks show on this day, in the order in which they do: 92, 96 or 100 of them, mostly."""
    now, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    marks = []
    while now < end:
        marks.append(_mark(now, zone))
        now += QUARTER
    return marks


def _mark(moment: datetime, zone: ZoneInfo) -> Mark:
    local = moment.astimezone(zone)
    return Mark(local.hour * 4 + local.minute // 15, local.fold)


def _runs(rows: Sequence[int]) -> list[Rows]:
    """Rows that follow each other, as one."""
    runs: list[Rows] = []
    for row in rows:
        if runs and runs[-1].end == row:
            runs[-1] = Rows(runs[-1].first, runs[-1].count + 1)
        else:
            runs.append(Rows(row, 1))
    return runs
