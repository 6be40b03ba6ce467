"""The axis of time has few labels, at round moments of the zone's clocks, through changes of the clocks, too."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.console.charts import clock

moments = st.integers(0, 500_000).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
lengths = st.integers(5, 500_000).map(lambda minutes: timedelta(minutes=minutes))


@given(start=moments, length=lengths)
def test_labels_are_few_in_order_and_inside(start: datetime, length: timedelta) -> None:
    found = [at for at, _label in clock.ticks(start, start + length)]
    assert found == sorted(found)
    assert all(start <= at < start + length for at in found)
    # An hour that the clocks show twice may add one.
    assert len(found) <= clock.MOST + 2
    assert found or length < timedelta(hours=1) or length > timedelta(hours=12)


@pytest.mark.parametrize(
    ("start", "hours", "labels"),
    [
        (datetime(2026, 11, 24, 11, 10, tzinfo=UTC), 1, ["12:15", "12:30", "12:45", "13:00"]),
        (datetime(2026, 11, 24, 11, 10, tzinfo=UTC), 24, ["18:00", "25 Nov", "06:00", "12:00"]),
        (datetime(2026, 11, 24, 11, 10, tzinfo=UTC), 24 * 7, ["25 Nov", "27 Nov", "29 Nov", "1 Dec"]),
        # The clocks go back at three in the night of 25 October.
        (datetime(2026, 10, 24, 20, 0, tzinfo=UTC), 12, ["25 Oct", "03:00", "06:00"]),
    ],
)
def test_it_shows_times_of_day_and_dates_where_days_begin(start: datetime, hours: int, labels: list[str]) -> None:
    assert [label for _at, label in clock.ticks(start, start + timedelta(hours=hours))] == labels
