import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.webhooks.silence.months import BERLIN, HOUR, by_hour, calls
from webhooks.silence.habit import Habit, learn

# A Tuesday at ten by the clocks of Berlin, in summer.
TUESDAY = datetime(2026, 6, 16, 8, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def always(day: date) -> float:
    return 1.0


def weekly(count: int, weeks: int = 8, first: datetime = TUESDAY) -> dict[datetime, int]:
    """So many arrivals in the same hour of each week before."""
    return {first - WEEK * number: count for number in range(1, weeks + 1)}


def usual(habit: Habit, hour: datetime) -> float:
    return habit.expected(hour, hour + HOUR, always)


def test_what_came_each_week_is_usual_less_what_few_weeks_leave_uncertain() -> None:
    habit = learn(weekly(9), BERLIN, always, TUESDAY)
    assert 7.9 < usual(habit, TUESDAY) < 8.0
    assert usual(habit, TUESDAY - HOUR) == usual(habit, TUESDAY + timedelta(days=1)) == 0


def test_a_part_of_an_hour_counts_as_a_part() -> None:
    habit = learn(weekly(9), BERLIN, always, TUESDAY)
    quarter = habit.expected(TUESDAY + HOUR / 2, TUESDAY + HOUR * 3 / 4, always)
    assert quarter == pytest.approx(usual(habit, TUESDAY) / 4)


def test_newer_weeks_weigh_more() -> None:
    rising = {TUESDAY - WEEK * number: 8 - number for number in range(1, 9)}
    falling = {TUESDAY - WEEK * number: number - 1 for number in range(1, 9)}
    rates = [usual(learn(counts, BERLIN, always, TUESDAY), TUESDAY) for counts in (rising, falling)]
    assert rates[0] > rates[1] * 1.2


def test_three_weeks_teach_nothing_and_four_do() -> None:
    # The hour before teaches from when on there was anything to count.
    assert usual(learn(weekly(9, weeks=3), BERLIN, always, TUESDAY), TUESDAY) == 0
    assert usual(learn(weekly(9, weeks=4), BERLIN, always, TUESDAY), TUESDAY) > 6


def test_an_hour_in_which_nothing_came_counts_as_none() -> None:
    every_other = dict.fromkeys(list(weekly(9))[::2], 9) | {TUESDAY - WEEK * 8: 9}
    assert 3.5 < usual(learn(every_other, BERLIN, always, TUESDAY), TUESDAY) < 5


def test_closed_days_teach_nothing() -> None:
    closed = {(TUESDAY - WEEK * number).date() for number in (1, 2)}
    counts = weekly(9) | {TUESDAY - WEEK * number: 0 for number in (1, 2)}
    habit = learn(counts, BERLIN, lambda day: 0.0 if day in closed else 1.0, TUESDAY)
    assert usual(habit, TUESDAY) > 7.5


def test_nothing_is_usual_on_a_closed_day_and_half_on_half_a_day() -> None:
    habit = learn(weekly(9), BERLIN, always, TUESDAY)
    whole = usual(habit, TUESDAY)
    assert habit.expected(TUESDAY, TUESDAY + HOUR, lambda day: 0.0) == 0
    assert habit.expected(TUESDAY, TUESDAY + HOUR, lambda day: 0.5) == whole / 2


def test_a_flood_teaches_little() -> None:
    flooded = weekly(9) | {TUESDAY - WEEK: 900}
    assert usual(learn(flooded, BERLIN, always, TUESDAY), TUESDAY) < 11


@pytest.mark.parametrize(
    ("zone", "changes_on"),
    [("Europe/Berlin", datetime(2026, 3, 29, tzinfo=UTC)), ("America/New_York", datetime(2026, 11, 1, tzinfo=UTC))],
)
def test_the_usual_hour_is_that_of_the_wall_clock_when_the_clocks_change(zone: str, changes_on: datetime) -> None:
    there = ZoneInfo(zone)
    after = changes_on + timedelta(days=2)
    ten = datetime(after.year, after.month, after.day, 10, tzinfo=there)
    counts = {(ten - WEEK * number).astimezone(UTC): 9 for number in range(1, 9)}
    habit = learn(counts, there, always, ten.astimezone(UTC))
    assert usual(habit, ten.astimezone(UTC)) > 7.5
    assert usual(habit, ten.astimezone(UTC) - HOUR) == usual(habit, ten.astimezone(UTC) + HOUR) == 0


def test_a_zone_of_half_hours_is_learnt_as_well() -> None:
    habit = learn(weekly(9), ZoneInfo("Asia/Kolkata"), always, TUESDAY)
    assert usual(habit, TUESDAY) > 7.5


def test_calls_by_chance_come_one_by_one_and_those_in_threes_are_known_as_bunches() -> None:
    chance = random.Random(1)
    alone = list(calls(chance, TUESDAY - WEEK * 8, TUESDAY, 12, unrest=0.3))
    in_threes = [moment for moment in calls(chance, TUESDAY - WEEK * 8, TUESDAY, 4) for _ in range(3)]
    assert learn(by_hour(alone), BERLIN, always, TUESDAY).bunch < 1.3
    assert 2 < learn(by_hour(in_threes), BERLIN, always, TUESDAY).bunch < 3.6


def test_nothing_at_all_teaches_nothing() -> None:
    assert learn({}, BERLIN, always, TUESDAY).rates == {}
