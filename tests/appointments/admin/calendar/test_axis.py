"""The rows of the calendar, on days of 23, 24 and 25 hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.admin.calendar.axis import QUARTER, Axis, Mark, Rows, marks_of
from appointments.admin.calendar.period import Period, View, midnight

BERLIN = ZoneInfo("Europe/Berlin")
# Where clocks change by an hour, by half an hour, at midnight, or never.
ZONES = st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "Asia/Kolkata"])
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)


@pytest.mark.parametrize(("day", "quarters"), [(SPRING, 92), (date(2027, 6, 1), 96), (AUTUMN, 100)])
def test_a_day_has_as_many_quarters_as_its_clocks_show(day: date, quarters: int) -> None:
    assert len(marks_of(day, BERLIN)) == quarters
    begins, ends = Period(View.DAY, day).bounds(BERLIN)
    assert ends - begins == quarters * QUARTER


def test_the_hour_that_comes_twice_has_two_hours_of_rows() -> None:
    axis = Axis.of([AUTUMN], BERLIN)
    first, again = (datetime(2027, 10, 31, hour, 0, tzinfo=UTC) for hour in (0, 1))  # both 02:00 in Berlin
    assert axis.marks[8:16] == tuple(Mark(quarter, fold) for fold in (0, 1) for quarter in range(8, 12))
    assert axis.rows(first, first + timedelta(hours=1), AUTUMN) == Rows(8, 4)
    assert axis.rows(again, again + timedelta(hours=1), AUTUMN) == Rows(12, 4)


def test_in_a_week_other_days_have_a_gap_where_one_day_has_an_hour_twice() -> None:
    week = Period(View.WEEK, AUTUMN).days
    axis = Axis.of(week, BERLIN)
    assert len(axis.marks) == 100
    assert axis.gaps(AUTUMN) == []
    assert [axis.gaps(day) for day in week[:-1]] == [[Rows(12, 4)]] * 6


def test_the_hour_that_is_left_out_is_a_gap() -> None:
    axis = Axis.of([SPRING], BERLIN)
    before = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)  # 01:30 in Berlin
    assert axis.gaps(SPRING) == [Rows(8, 4)]
    assert axis.rows(before, before + timedelta(hours=1), SPRING) == Rows(6, 8), "from 01:30 to 03:30 on the clock"


@settings(deadline=None)
@given(DAYS, ZONES, st.integers(0, 24 * 60), st.integers(1, 24 * 60))
def test_later_is_lower_and_a_span_has_the_rows_that_it_touches(day: date, key: str, begins: int, length: int) -> None:
    zone = ZoneInfo(key)
    axis, start = Axis.of([day], zone), midnight(day, zone)
    end = midnight(day + timedelta(days=1), zone)
    opens = min(start + timedelta(minutes=begins), end - timedelta(minutes=1))
    closes = opens + timedelta(minutes=length)
    rows = axis.rows(opens, closes, day)
    shown = marks_of(day, zone)
    touched = [
        mark
        for number, mark in enumerate(shown)
        if start + number * QUARTER < closes and start + (number + 1) * QUARTER > opens
    ]
    assert [mark for mark in axis.marks[rows.first : rows.end] if mark in shown] == touched


@settings(deadline=None, max_examples=30)
@given(DAYS, ZONES)
def test_a_week_has_each_quarter_of_each_of_its_days_once_and_in_order(day: date, key: str) -> None:
    zone, week = ZoneInfo(key), Period(View.WEEK, day).days
    axis = Axis.of(week, zone)
    rows = {mark: row for row, mark in enumerate(axis.marks)}
    assert len(rows) == len(axis.marks)
    for each in week:
        places = [rows[mark] for mark in marks_of(each, zone)]
        assert places == sorted(places)
        assert len(places) + sum(gap.count for gap in axis.gaps(each)) == len(axis.marks)


@given(st.lists(st.builds(Rows, st.integers(0, 90), st.integers(1, 6)), min_size=1))
def test_whole_hours_are_shown_around_all_that_is_there(taken: list[Rows]) -> None:
    cut = Axis.of([date(2027, 6, 1)], BERLIN).cut(taken)
    assert cut.first % 4 == 0 and cut.end % 4 == 0
    assert all(cut.first <= rows.first and rows.end <= cut.end for rows in taken)
