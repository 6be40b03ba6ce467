"""The axis of values has few lines, at round values, and the highest value lies below its top."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.console.charts import scale
from askpro.console.charts.scale import Scale


@pytest.mark.parametrize("make", [scale.counts, scale.durations])
@given(highest=st.floats(0, 1e9))
def test_any_value_fits_below_few_lines(make: Callable[[float], Scale], highest: float) -> None:
    made = make(highest)
    assert made.lines[0] == 0
    assert 2 <= len(made.lines) <= scale.MOST + 2
    assert highest <= made.top
    assert made.top <= max(highest * 2.5, made.lines[1])


@given(highest=st.floats(0, 1e9))
def test_each_line_of_an_axis_has_its_own_label(highest: float) -> None:
    for make in (scale.counts, scale.durations):
        made = make(highest)
        assert len({made.write(value) for value in made.lines}) == len(made.lines)


@pytest.mark.parametrize(
    ("highest", "labels"),
    [
        (0, ["0", "1"]),
        (3, ["0", "1", "2", "3"]),
        (7, ["0", "2", "4", "6", "8"]),
        (1312, ["0", "500", "1,000", "1,500"]),
    ],
)
def test_counts_are_whole(highest: float, labels: list[str]) -> None:
    made = scale.counts(highest)
    assert [made.write(value) for value in made.lines] == labels


@pytest.mark.parametrize(
    ("highest", "labels"),
    [
        (0.07, ["0", "20 ms", "40 ms", "60 ms", "80 ms"]),
        (50, ["0", "15 s", "30 s", "45 s", "1 min"]),
        (7000, ["0", "30 min", "1 h", "1 h 30 min", "2 h"]),
    ],
)
def test_times_have_the_steps_of_clocks(highest: float, labels: list[str]) -> None:
    made = scale.durations(highest)
    assert [made.write(value) for value in made.lines] == labels
