"""Counts in ranges add up, and their quantiles are right as far as the ranges are wide."""

from itertools import pairwise
from math import ceil, inf

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from askpro.queues.metrics.histogram import BOUNDS, BUCKET_SQL, Histogram, bucket_of

TIMES = st.lists(st.floats(0, 3599), min_size=1, max_size=50)
WIDEST = 2.0


def test_the_bounds_rise_and_neighbours_are_a_factor_of_two_apart_at_most() -> None:
    assert (BOUNDS[0], BOUNDS[-1], len(BOUNDS)) == (0.001, 3600.0, 27)
    assert all(low < high <= WIDEST * low for low, high in pairwise(BOUNDS))


@given(TIMES, st.floats(0.01, 1))
def test_a_quantile_is_in_the_range_of_the_true_one(times: list[float], share: float) -> None:
    true = sorted(times)[max(ceil(share * len(times)), 1) - 1]
    told = Histogram.of(times).quantile(share)
    assert told is not None
    # Below the first bound, all is the same.
    assert told <= max(true * WIDEST, BOUNDS[0])
    assert true < BOUNDS[0] or true / WIDEST <= told


@given(TIMES, TIMES)
def test_two_histograms_are_the_one_of_both(one: list[float], two: list[float]) -> None:
    merged = Histogram.of(one).merged(Histogram.of(two))
    both = Histogram.of([*one, *two])
    assert merged.counts == both.counts
    assert merged.sum == pytest.approx(both.sum)
    assert merged.quantile(0.95) == both.quantile(0.95)


def test_it_counts_and_means_exactly() -> None:
    measured = Histogram.of([0.2, 0.4, 0.9])
    assert measured.count == 3
    assert measured.mean == pytest.approx(0.5)
    assert measured.cumulative()[-1] == (inf, 3)
    assert [count for bound, count in measured.cumulative() if bound == 0.56] == [2]


def test_nothing_measured_has_no_quantile_and_no_mean() -> None:
    assert Histogram().quantile(0.5) is None
    assert Histogram().mean is None


def test_hours_count_as_an_hour() -> None:
    assert Histogram.of([7200.0]).quantile(0.5) == 3600.0


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.0010001, 0.5, 3599.9, 3600.0, 1e9])
def test_postgresql_sorts_into_the_same_ranges(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {BUCKET_SQL.format(seconds='%s::float8')}", [seconds])
        assert cursor.fetchone()[0] == bucket_of(seconds)
