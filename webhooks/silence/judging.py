"""Whether it is still chance that nothing comes. Pure."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from webhooks.models import Provider
from webhooks.silence.habit import HOUR, Habit, Share, whole_hour

# Nothing shorter is a silence, however much usually comes: vendors pause for a moment, too.
SHORTEST: Final = timedelta(minutes=15)
# What does not suffice within this time never does: whom so few call is not judged by silence.
LONGEST: Final = timedelta(hours=72)
# How many expected arrivals before the silence tell whether this is a quiet week, and how far back they are looked for.
LEVEL: Final = 50.0
LEVEL_WITHIN: Final = timedelta(days=7)
STEPS: Final = 16


@dataclass(frozen=True, slots=True)
class Flow:
    """What one vendor sends for one company: its habit in each zone of its branches, and the last arrival.

    `recent` gives the arrivals of each hour of the last ten days. `calls` is what the calls of this company are like,
    where what this vendor sends follows from them.
    """

    company_id: int
    provider: str
    last_at: datetime
    habits: Sequence[Habit]
    share: Share
    recent: Callable[[], Mapping[datetime, int]]
    calls: "Flow | None" = None

    def weight(self, since: datetime, end: datetime) -> float:
        """How many arrivals are missing from `since` to `end`: chance alone would leave them out with the probability
        of e to the power of minus that number."""
        most = self.most(since, end)
        return most and most * self._level(since) * self._part_of_calls(since, min(end, since + LONGEST))

    def most(self, since: datetime, end: datetime) -> float:
        """What the weight is at most; costs no look at the rows."""
        end = min(end, since + LONGEST)
        if end <= since or not self.habits:
            return 0.0
        return min(habit.expected(since, end, self.share) / habit.bunch for habit in self.habits)

    def usual(self, since: datetime, end: datetime) -> float:
        """How many arrivals are usual in this time."""
        return min((habit.expected(since, end, self.share) for habit in self.habits), default=0.0)

    def _level(self, before: datetime) -> float:
        """What the last expected arrivals really were, as a share; at most 1."""
        habit, counts, hour = self.habits[0], self.recent(), whole_hour(before)
        came = expected = 0.0
        earliest = hour - LEVEL_WITHIN
        while expected < LEVEL and hour > earliest:
            hour -= HOUR
            came += counts.get(hour, 0)
            expected += habit.of_hour(hour, self.share)
        return min(came / expected, 1.0) if expected >= 1.0 else 1.0

    def _part_of_calls(self, since: datetime, end: datetime) -> float:
        """How many of the usual calls came meanwhile, as a share; at most 1. Without calls nobody books or is told."""
        if self.calls is None:
            return 1.0
        begin = whole_hour(since)
        usual = self.calls.usual(begin, end)
        came = sum(count for hour, count in self.calls.recent().items() if begin <= hour < end)
        return min(came / usual, 1.0) if usual >= 1.0 else 1.0


@dataclass(frozen=True, slots=True)
class Silence:
    """A vendor has sent nothing since then, for a company or (None) for all of them, and it is not chance.

    `weight` arrivals are missing for certain, `usual` would be usual.
    """

    provider: str
    company_id: int | None
    since: datetime
    weight: float
    usual: float

    @property
    def about(self) -> str:
        return self.provider if self.company_id is None else f"{self.provider}:{self.company_id}"


def silences(flows: Iterable[Flow], now: datetime, chance: float) -> list[Silence]:
    """The vendors whose silence is at most this probable by chance."""
    limit = weight_of(chance)
    by_vendor: dict[str, list[Flow]] = {provider: [] for provider in Provider.values}
    for flow in flows:
        by_vendor[flow.provider].append(flow)
    return [each for flows in by_vendor.values() for each in _of_vendor(flows, now, limit)]


def weight_of(chance: float) -> float:
    """How many arrivals must be missing; of an impossible chance, as many as of one in 1e15."""
    return -math.log(min(max(chance, 1e-15), 1.0))


def _of_vendor(flows: Sequence[Flow], now: datetime, limit: float) -> list[Silence]:
    """The companies without a word. Where all of them are, that is one silence, beside those that had begun before it
    was certain."""
    whole = _of_all(flows, now, limit)
    until = _certain_at(flows, whole, now, limit) if whole else now
    return [*([whole] if whole else []), *(_of_one(flow, now) for flow in flows if _is_silent(flow, until, limit))]


def _of_all(flows: Sequence[Flow], now: datetime, limit: float) -> Silence | None:
    last = max((flow.last_at for flow in flows), default=now)
    if len(flows) < 2 or now - last < SHORTEST:
        return None
    if math.fsum(flow.most(last, now) for flow in flows) < limit or (weight := _missing(flows, last, now)) < limit:
        return None
    usual = math.fsum(flow.usual(last, now) for flow in flows)
    return Silence(flows[0].provider, None, last, weight, usual)


def _certain_at(flows: Sequence[Flow], whole: Silence, now: datetime, limit: float) -> datetime:
    """When so much was missing of all that it was certain, to the second."""
    early, late = whole.since + SHORTEST, now
    for _ in range(STEPS):
        middle = early + (late - early) / 2
        early, late = (early, middle) if _missing(flows, whole.since, middle) >= limit else (middle, late)
    return late


def _missing(flows: Iterable[Flow], since: datetime, end: datetime) -> float:
    return math.fsum(flow.weight(since, end) for flow in flows)


def _is_silent(flow: Flow, now: datetime, limit: float) -> bool:
    if now - flow.last_at < SHORTEST or flow.most(flow.last_at, now) < limit:
        return False
    return flow.weight(flow.last_at, now) >= limit


def _of_one(flow: Flow, now: datetime) -> Silence:
    weight, usual = flow.weight(flow.last_at, now), flow.usual(flow.last_at, now)
    return Silence(flow.provider, flow.company_id, flow.last_at, weight, usual)
