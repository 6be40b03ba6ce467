"""When no SMS goes out."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.quiet_hours import quiet_until

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = (time(21), time(8))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-12-01T20:59:59", None),
        ("2026-12-01T21:00", "2026-12-02T08:00"),
        ("2026-12-01T22:30", "2026-12-02T08:00"),
        ("2026-12-02T00:00", "2026-12-02T08:00"),
        ("2026-12-02T07:59:59", "2026-12-02T08:00"),
        ("2026-12-02T08:00", None),
        # The nights when the clock is changed: an hour less, an hour more, the same end.
        ("2026-03-28T22:30", "2026-03-29T08:00"),
        ("2026-10-24T22:30", "2026-10-25T08:00"),
    ],
)
def test_it_ends_in_the_morning(moment: str, until: str | None) -> None:
    assert quiet_until(at(moment), BERLIN, *NIGHT) == (at(until) if until else None)


def test_it_waits_an_hour_less_in_the_night_of_march() -> None:
    began = at("2026-03-28T22:30")
    until = quiet_until(began, BERLIN, *NIGHT)
    assert until is not None
    assert until.timestamp() - began.timestamp() == 8.5 * 3600


def test_it_ends_at_the_second_passing_of_an_hour_that_comes_twice() -> None:
    second = datetime(2026, 10, 25, 2, 15, fold=1, tzinfo=BERLIN)
    until = quiet_until(second, BERLIN, time(21), time(2, 30))
    assert until is not None
    assert until.timestamp() - second.timestamp() == 15 * 60


def test_it_can_be_quiet_at_noon() -> None:
    noon = (time(12), time(14))
    assert quiet_until(at("2026-12-01T13:00"), BERLIN, *noon) == at("2026-12-01T14:00")
    assert quiet_until(at("2026-12-01T14:00"), BERLIN, *noon) is None


def test_it_is_never_quiet_when_both_ends_are_the_same() -> None:
    assert quiet_until(at("2026-12-01T08:00"), BERLIN, time(8), time(8)) is None


@given(
    st.integers(0, 220 * 24 * 60).map(lambda minutes: datetime(2026, 3, 27, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.times(),
    st.times(),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_it_always_ends_later_and_within_a_day(moment: datetime, starts: time, ends: time, zone: str) -> None:
    until = quiet_until(moment, ZoneInfo(zone), starts, ends)
    if until is not None:
        waiting = until.timestamp() - moment.timestamp()
        assert 0 < waiting <= timedelta(hours=26).total_seconds()
