"""Cron expressions in a time zone: when a schedule's ticks are. cronsim handles both changes of the clock.

A time of day that the spring change leaves out ticks right after it; one that the autumn change repeats ticks once. An
entry that runs every few minutes keeps ticking through both (Debian's cron does the same).
"""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim

# Ticks missed longer ago are not caught up: last quarter's jobs are of no use.
OLDEST = timedelta(days=31)


def next_tick(expression: str, zone: str, after: datetime) -> datetime:
    """The first tick later than `after`, in UTC. Raises `cronsim.CronSimError` for an invalid cron expression."""
    return next(_ticks(expression, zone, after))


def ticks_between(expression: str, zone: str, first: datetime, until: datetime, most: int) -> list[datetime]:
    """The newest `most` ticks from `first`, which is a tick itself, up to `until`; oldest first."""
    start = max(first, until - OLDEST)
    later = takewhile(lambda tick: tick <= until, _ticks(expression, zone, start))
    return list(deque([first, *later] if start == first else later, maxlen=most))


def _ticks(expression: str, zone: str, after: datetime) -> Iterator[datetime]:
    # In the repeated hour, cronsim may return a time of the first pass, which is over.
    ticks = (tick.astimezone(UTC) for tick in CronSim(expression, after.astimezone(ZoneInfo(zone))))
    return (tick for tick in ticks if tick > after)
