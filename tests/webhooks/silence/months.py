"""Calls as they come: at random, more of them at some hours than at others."""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
# Calls an hour from 8 to 18, as a share of the busiest.
DAY_SHAPE = {8: 0.7, 9: 1.0, 10: 1.0, 11: 0.9, 12: 0.5, 13: 0.5, 14: 0.8, 15: 0.8, 16: 0.9, 17: 0.6, 18: 0.2}
WEEK_SHAPE = {0: 1.1, 1: 1.0, 2: 0.9, 3: 1.0, 4: 1.0, 5: 0.3, 6: 0.02}


def rate(local: datetime, busiest: float, closed: Callable[[date], bool]) -> float:
    """Calls an hour at this time by the wall clock; a few callers try at night, on Sundays and on holidays, too."""
    by_hour = DAY_SHAPE.get(local.hour, 0.01)
    by_day = 0.02 if closed(local.date()) else WEEK_SHAPE[local.weekday()]
    return busiest * by_hour * by_day


def calls(
    chance: random.Random,
    start: datetime,
    end: datetime,
    busiest: float,
    *,
    zone: ZoneInfo = BERLIN,
    closed: Callable[[date], bool] = lambda day: False,
    unrest: float = 0.0,
) -> Iterator[datetime]:
    """Moments of calls, in order. `unrest` is how much days differ, as the standard deviation of their level."""
    hour, levels = start, {}
    while hour < end:
        local = hour.astimezone(zone)
        level = levels.setdefault(local.date(), math.exp(chance.gauss(-(unrest**2) / 2, unrest)))
        yield from sorted(
            hour + HOUR * chance.random() for _ in range(poisson(chance, rate(local, busiest, closed) * level))
        )
        hour += HOUR


def poisson(chance: random.Random, mean: float) -> int:
    """How many come of themselves, if `mean` do on average."""
    count, product, floor = 0, chance.random(), math.exp(-mean)
    while product > floor:
        product *= chance.random()
        count += 1
    return count


def by_hour(moments: list[datetime]) -> Mapping[datetime, int]:
    counts: dict[datetime, int] = {}
    for moment in moments:
        hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        counts[hour] = counts.get(hour, 0) + 1
    return counts
