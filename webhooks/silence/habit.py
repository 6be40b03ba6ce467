"""What usually comes in an hour of the week. Pure."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

HOUR: Final = timedelta(hours=1)
WEEKS: Final = 8
# Weight of an hour against the same one a week later.
OLDER: Final = 0.9
# Fewer such hours teach nothing.
LEAST_HOURS: Final = 4
# A count above this multiple of the usual one, plus this many, is a flood that will not come again.
FLOOD: Final = (2.0, 3.0)
# Hours with fewer arrivals say nothing of whether they come in bunches.
ENOUGH_FOR_BUNCHES: Final = 0.5

# How much of a company is open on a day by the calendar: 1 all of it, 0 nothing.
Share = Callable[[date], float]


@dataclass(frozen=True, slots=True)
class Habit:
    """What a vendor usually sends for a company, by hour of the week in one time zone.

    `rates` are arrivals in an hour, less what few weeks leave uncertain.
    """

    zone: ZoneInfo
    rates: Mapping[int, float]
    bunch: float = 1.0

    def expected(self, start: datetime, end: datetime, share: Share) -> float:
        """How many arrivals are usual from `start` to `end`."""
        return sum(self._of(hour, share) * part for hour, part in _parts(start, end))

    def of_hour(self, hour: datetime, share: Share) -> float:
        return self._of(hour, share)

    def _of(self, hour: datetime, share: Share) -> float:
        local = hour.astimezone(self.zone)
        rate = self.rates.get(_hour_of_week(local), 0.0)
        return rate * share(local.date()) if rate else 0.0


def learn(counts: Mapping[datetime, int], zone: ZoneInfo, share: Share, until: datetime) -> Habit:
    """The habit of the weeks before `until`, from the arrivals of each hour (UTC); hours without a count had none.

    Nothing is learnt of the time before the first count.
    """
    samples: dict[int, list[_Sample]] = {}
    for hour in _hours(max(until - timedelta(weeks=WEEKS), min(counts, default=until)), until):
        local = hour.astimezone(zone)
        if share(local.date()) == 1.0:
            weight = OLDER ** ((until - hour) // timedelta(weeks=1))
            samples.setdefault(_hour_of_week(local), []).append(_Sample(local.date(), counts.get(hour, 0), weight))
    known = {key: _without_floods(found) for key, found in samples.items() if len(found) >= LEAST_HOURS}
    return Habit(zone, {key: rate for key, found in known.items() if (rate := _rate(found))}, _bunch(known.values()))


def whole_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


class _Sample(NamedTuple):
    """The arrivals of one hour in the past, and how much it counts."""

    day: date
    came: float
    weight: float


def _without_floods(found: Sequence[_Sample]) -> list[_Sample]:
    times, more = FLOOD
    most = median(each.came for each in found) * times + more
    return [each if each.came <= most else each._replace(came=most) for each in found]


def _rate(found: Sequence[_Sample]) -> float:
    """The weighted mean times n / (n + 1), n being how many hours of equal weight would say as much."""
    total = math.fsum(each.weight for each in found)
    equal = total**2 / math.fsum(each.weight**2 for each in found)
    return math.fsum(each.came * each.weight for each in found) / total * equal / (equal + 1)


def _bunch(hours: Iterable[Sequence[_Sample]]) -> float:
    """Variance over mean of what comes in an hour: 1 if by chance, 2 if in pairs.

    That one day is busier than another makes no bunches, so each count is held against its own day's level.
    """
    means = [(sum(each.came for each in found) / len(found), found) for found in hours]
    known = [(mean, found) for mean, found in means if mean >= ENOUGH_FOR_BUNCHES]
    busy = [(mean, each) for mean, found in known for each in found]
    came: defaultdict[date, float] = defaultdict(float)
    expected: defaultdict[date, float] = defaultdict(float)
    for mean, each in busy:
        came[each.day] += each.came
        expected[each.day] += mean
    levelled = [(mean * came[each.day] / expected[each.day], each.came) for mean, each in busy]
    spread = math.fsum((count - mean) ** 2 for mean, count in levelled)
    total = math.fsum(mean for mean, _ in levelled)
    # Means of few weeks lie nearer to their counts than true ones would.
    free = 1 - len(known) / len(busy) if busy else 1.0
    return max(spread / total / free, 1.0) if total else 1.0


def _hour_of_week(local: datetime) -> int:
    return local.weekday() * 24 + local.hour


def _hours(start: datetime, end: datetime) -> Iterator[datetime]:
    hour = whole_hour(start)
    while hour < end:
        yield hour
        hour += HOUR


def _parts(start: datetime, end: datetime) -> Iterator[tuple[datetime, float]]:
    """The hours between two moments, and how much of each lies between them."""
    for hour in _hours(start, end):
        yield hour, (min(end, hour + HOUR) - max(start, hour)) / HOUR
