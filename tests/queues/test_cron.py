"""Ticks in a zone: what the two changes of the clock do to them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from cronsim import CronSimError

from askpro.queues.cron import next_tick, ticks_between

BERLIN = "Europe/Berlin"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def ticks_after(expression: str, after: datetime, count: int) -> list[datetime]:
    found: list[datetime] = []
    for _ in range(count):
        after = next_tick(expression, BERLIN, after)
        found.append(after)
    return found


def test_it_keeps_the_local_time_over_both_changes():
    spring = ticks_after("0 9 * * *", utc(2026, 3, 28), 2)
    autumn = ticks_after("0 9 * * *", utc(2026, 10, 24), 2)
    assert spring == [utc(2026, 3, 28, 8), utc(2026, 3, 29, 7)]
    assert autumn == [utc(2026, 10, 24, 7), utc(2026, 10, 25, 8)]


def test_it_ticks_right_after_an_hour_that_does_not_exist():
    assert ticks_after("30 2 * * *", utc(2026, 3, 28, 12), 2) == [utc(2026, 3, 29, 1), utc(2026, 3, 30, 0, 30)]


def test_it_ticks_once_in_an_hour_that_comes_twice():
    assert ticks_after("30 2 * * *", utc(2026, 10, 24, 12), 2) == [utc(2026, 10, 25, 0, 30), utc(2026, 10, 26, 1, 30)]


@pytest.mark.parametrize("minute", range(0, 180, 7))
def test_it_never_names_a_time_that_is_over(minute):
    now = utc(2026, 10, 25) + timedelta(minutes=minute)
    assert next_tick("30 2 * * *", BERLIN, now) > now
    assert next_tick("*/15 * * * *", BERLIN, now) - now <= timedelta(minutes=15)


def test_it_goes_on_every_quarter_of_an_hour_through_both_changes():
    for night in (utc(2026, 3, 28, 23), utc(2026, 10, 24, 22)):
        ticks = ticks_after("*/15 * * * *", night, 24)
        assert {later - earlier for earlier, later in pairwise(ticks)} == {timedelta(minutes=15)}


def test_it_lists_the_newest_ticks_of_a_downtime_oldest_first():
    first = utc(2026, 11, 20, 8)
    assert ticks_between("0 * * * *", BERLIN, first, utc(2026, 11, 20, 11, 30), 3) == [
        utc(2026, 11, 20, 9),
        utc(2026, 11, 20, 10),
        utc(2026, 11, 20, 11),
    ]
    assert ticks_between("0 * * * *", BERLIN, first, first, 3) == [first]


def test_it_looks_a_month_back_at_most():
    now = utc(2026, 11, 20, 8)
    (oldest, *_) = ticks_between("0 8 * * *", "UTC", utc(2020, 1, 1, 8), now, 1000)
    assert now - oldest < timedelta(days=31)


def test_it_refuses_what_is_no_expression():
    with pytest.raises(CronSimError):
        next_tick("every day", BERLIN, utc(2026, 1, 1))
