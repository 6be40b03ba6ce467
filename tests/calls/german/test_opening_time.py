"""Opening time is counted as it passes, held against a count minute by minute."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calls.german.opening_hours import DAY_KEYS, OpeningHours

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
# Around both changes of the clocks, and in between.
STARTS = (datetime(2026, 3, 27, 6, tzinfo=UTC), datetime(2026, 10, 23, 6, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))


def counted(hours: OpeningHours, start: datetime, minutes: int, closed: set[date]) -> datetime | None:
    """The same by looking at the clock each minute."""
    now, end = start, start + timedelta(days=58)
    while now < end:
        local = now.astimezone(BERLIN)
        minutes -= hours.is_open(local) and local.date() not in closed
        now += MINUTE
        if minutes == 0:
            return now
    return None


def drawn(dice: random.Random) -> OpeningHours:
    """A week with days off, breaks and nights. None opens or closes within the hour that the clocks skip or repeat:
    there, a door that has opened stays open although the clock shows an earlier time again."""
    quarters = [quarter for quarter in range(97) if not 8 < quarter < 12]
    week = {}
    for key in DAY_KEYS:
        times = [f"{each // 4:02d}:{each % 4 * 15:02d}" for each in sorted(dice.sample(quarters, 4))]
        if kept := [times[:2], times[2:]][: dice.randrange(3)]:
            week[key] = kept
    return OpeningHours.from_json(week or {"mo": [["09:00", "18:00"]]})


@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(12, 200))])
def test_it_counts_as_the_clock_on_the_wall_shows(seed: int) -> None:
    dice = random.Random(seed)
    hours, start = drawn(dice), dice.choice(STARTS) + timedelta(minutes=dice.randrange(3 * 24 * 60))
    closed = {(start + timedelta(days=dice.randrange(6))).date() for _ in range(dice.randrange(3))}
    for minutes in (60, 90, 120):
        expected = counted(hours, start, minutes, closed)
        if expected is not None:
            assert hours.after(start, minutes * MINUTE, BERLIN, closed) == expected


def test_it_says_so_when_it_does_not_open_for_two_months() -> None:
    start = datetime(2026, 12, 1, tzinfo=UTC)
    days_off = {date(2026, 12, 1) + timedelta(days=days) for days in range(62)}
    assert OpeningHours.from_json({"mo": [["09:00", "18:00"]]}).after(start, MINUTE, BERLIN, days_off) is None
    assert OpeningHours().after(start, MINUTE, BERLIN) is None
