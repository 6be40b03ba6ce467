"""A chart draws what was measured, leaves gaps where nothing was, and says the same in words and numbers."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from askpro.console.charts import Chart, Series, Shape, scale
from tests.console.world import HOSTILE

NOW = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


def series(*values: float | None, name: str = "all", tone: int = 1) -> Series:
    return Series(name, [(NOW + timedelta(minutes=5 * place), value) for place, value in enumerate(values)], tone)


def lines(*made: Series, limit: float | None = None, gap: str = "") -> Chart:
    return Chart("Run time", "of runs", Shape.LINES, made, scale.durations, limit, gap)


def bars(*made: Series) -> Chart:
    return Chart("Runs", "in each 5 min", Shape.BARS, made, gap="not measured")


def test_a_curve_breaks_where_nothing_was_measured_and_one_value_alone_is_a_dot() -> None:
    ((_tone, path),) = lines(series(1, 2, None, 4, None, 1, 2)).paths

    assert path.count("M") == 3 and path.count("L") == 2
    assert re.search(r"M500\.0,0\.0h0", path)


def test_bars_stand_on_each_other() -> None:
    chart = bars(series(6, 1, name="completed"), series(2, None, name="failed"))

    completed, failed = [path for _tone, path in chart.paths]

    assert chart.axis.top == 8
    assert completed.startswith("M37.5,100.0V25.0") and failed.startswith("M37.5,25.0V0.0")
    assert completed.count("M") == 2 and failed.count("M") == 1


def test_a_gap_is_shown_as_one_and_zero_is_none() -> None:
    page = str(bars(series(3, 0, None)))

    assert page.count("ap-gap") == 1
    assert "12:10: not measured" in page and "12:05: all 0" in page


def test_its_numbers_are_a_table_with_the_newest_first() -> None:
    chart = lines(series(0.5, None, name="p50"), series(2, 4, name="p95"))

    assert chart.rows == [("24 Nov, 12:05", ["–", "4 s"]), ("24 Nov, 12:00", ["500 ms", "2 s"])]
    assert "at most 4 s (24 Nov, 12:05)" in chart.in_words


def test_days_bear_their_date_in_their_middle() -> None:
    days = Series("calls", [(NOW + timedelta(days=place), 1.0) for place in range(3)])

    chart = Chart("Calls", "a day", Shape.BARS, [days])

    assert chart.times == [("16.7%", "24 Nov"), ("50.0%", "25 Nov"), ("83.3%", "26 Nov")]


@pytest.mark.parametrize(("limit", "is_drawn"), [(10, True), (600, False), (None, False)])
def test_a_promise_far_above_does_not_press_the_curve_flat(limit: float | None, is_drawn: bool) -> None:
    chart = lines(series(2, 4), limit=limit)
    assert ("ap-limit" in chart.drawn) is is_drawn
    assert chart.axis.top <= 12


@pytest.mark.parametrize("chart", [lines(), bars(), lines(series()), bars(series(None, None))])
def test_an_empty_chart_says_so(chart: Chart) -> None:
    assert "Nothing was measured" in str(chart)


def test_it_escapes_what_strangers_wrote() -> None:
    page = str(lines(series(1, name=HOSTILE)))
    assert "window.hacked" in page and HOSTILE[:20] not in page
