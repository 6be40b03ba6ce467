"""The period of the page of metrics: ranges that end now, or what was typed, in steps of which a chart has room."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from askpro.console.metrics import period
from askpro.console.metrics.period import RANGES
from askpro.queues.metrics.figures import shortest_step

NOW = datetime(2026, 11, 24, 12, 10, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("name", RANGES)
def test_a_range_ends_now_and_is_covered_by_its_steps(name: str) -> None:
    with time_machine.travel(NOW, tick=False):
        found = period.read({"range": name}, NOW)
    _words, length, step = RANGES[name]
    assert found.end == NOW and found.step == step
    assert found.start <= NOW - length < found.start + max(step, period.HOUR)
    assert found.moments[-1] < NOW <= found.moments[-1] + step


@given(ago=st.integers(1, 570_000), length=st.integers(1, 570_000))
def test_whatever_is_typed_has_steps_that_fit_a_chart_and_the_figures(ago: int, length: int) -> None:
    with time_machine.travel(NOW, tick=False):
        start = NOW - timedelta(minutes=ago)
        end = min(start + timedelta(minutes=length), NOW)
        found = period.read({"from": start.isoformat(), "to": end.isoformat()}, NOW)
        least = shortest_step(found.start)
    assert not found.errors and found.start <= start
    assert len(found.moments) <= period.MOST_STEPS + 2
    assert found.step % least == timedelta()
    assert (found.start - datetime(2000, 1, 1, tzinfo=UTC)) % least == timedelta()
    assert found.moments[-1] < end <= found.moments[-1] + found.step


def test_days_begin_by_the_clocks_of_the_zone() -> None:
    with time_machine.travel(NOW, tick=False):
        found = period.read({"range": "month"}, NOW)
    assert {at.astimezone(BERLIN).hour for at in found.moments[:3]} <= {0, 1, 11, 12, 13}
    assert found.start.astimezone(BERLIN).hour in (0, 12)


def test_it_reads_what_people_type() -> None:
    with time_machine.travel(NOW, tick=False):
        found = period.read({"from": "24.11. 9:00", "to": "10 Uhr"}, NOW)
    assert (found.start, found.end) == (NOW.replace(hour=8, minute=0), NOW.replace(hour=9, minute=0))
    assert found.step == timedelta(minutes=1)
    assert found.said == {"from": "2026-11-24T09:00", "to": "2026-11-24T10:00"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"from": "yesterday"}, "is no moment"),
        ({"to": "25 o'clock"}, "is no moment"),
        ({"from": "24.11. 10:00", "to": "24.11. 9:00"}, "end lies before"),
        ({"from": "25.11. 10:00"}, "end lies before"),
        ({"from": "1.1.2020"}, "kept for 400 days"),
    ],
)
def test_nonsense_is_told_and_the_usual_period_shown(typed: dict[str, str], words: str) -> None:
    with time_machine.travel(NOW, tick=False):
        found = period.read(typed, NOW)
    assert words in found.errors[0] and found.name == "day"
