"""Other times to offer when the wished one is taken."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

NEAR: Final = timedelta(hours=2)
SEARCH_DAYS: Final = 14
MOST_NEAR: Final = 3
MOST: Final = 5


def choose(slots: Iterable[datetime], wished: datetime, earliest: datetime, zone: ZoneInfo) -> list[datetime]:
    """At most five of the free `slots`, none before `earliest`, in the order of time.

    Up to three are the nearest within two hours of the wish on the same day of the branch; the rest are the first
    of the fourteen days after it. None is booked automatically: a person offers them.
    """
    day = wished.astimezone(zone).date()
    last = wished + timedelta(days=SEARCH_DAYS)
    free = sorted({slot for slot in slots if earliest <= slot <= last and slot != wished})
    same_day = [slot for slot in free if slot.astimezone(zone).date() == day and abs(slot - wished) <= NEAR]
    near = sorted(same_day, key=lambda slot: (abs(slot - wished), slot))[:MOST_NEAR]
    later = [slot for slot in free if slot not in near and slot.astimezone(zone).date() > day]
    return sorted([*near, *later[: MOST - len(near)]])
