import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.webhooks.silence.months import BERLIN, HOUR
from webhooks.silence.habit import Habit
from webhooks.silence.judging import Flow, Silence, silences

TEN = datetime(2026, 6, 16, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CHANCE = 1e-5


def habit(rate: float, bunch: float = 1.0, hours: range = range(168)) -> Habit:
    return Habit(BERLIN, dict.fromkeys(hours, rate), bunch)


def flow(rate: float = 12, company_id: int = 1, provider: str = "retell", **values: Any) -> Flow:
    """A vendor that usually sends so much in each hour, and did until ten."""
    bunch, came = values.pop("bunch", 1.0), values.pop("came", rate)
    recent: Mapping[datetime, int] = {TEN - HOUR * number: came for number in range(1, 200)}
    known = {"last_at": TEN, "habits": (habit(rate, bunch),), "share": lambda day: 1.0, "recent": lambda: recent}
    return Flow(company_id=company_id, provider=provider, **(known | values))


def silent(*flows: Flow, at: datetime) -> list[str]:
    return [each.about for each in silences(flows, at, CHANCE)]


def told_after(*flows: Flow, chance: float = CHANCE, hours: int = 7) -> dict[str, float]:
    """After how many minutes each silence is first found, within so many hours."""
    found: dict[str, float] = {}
    for minutes in range(0, hours * 60, 5):
        for each in silences(flows, TEN + MINUTE * minutes, chance):
            found.setdefault(each.about, minutes)
    return found


def test_an_hour_without_a_word_where_a_dozen_are_usual_is_a_silence() -> None:
    assert told_after(flow(12)) == {"retell:1": 60}


def test_it_says_since_when_and_what_is_usual() -> None:
    [found] = silences([flow(12)], TEN + HOUR, CHANCE)
    assert found == Silence("retell", 1, TEN, pytest.approx(12), pytest.approx(12))


@pytest.mark.parametrize(("rate", "minutes"), [(6, 120), (2, 350), (0.2, 3460)])
def test_a_smaller_company_takes_longer_to_be_sure_of(rate: float, minutes: int) -> None:
    few = flow(rate)
    assert silent(few, at=TEN + MINUTE * (minutes - 10)) == []
    assert silent(few, at=TEN + MINUTE * minutes) == ["retell:1"]


def test_whom_few_call_is_never_called_silent() -> None:
    assert silent(flow(0.15), at=TEN + HOUR * 24 * 30) == []


def test_a_new_company_is_never_called_silent() -> None:
    assert told_after(flow(habits=(habit(0.0),))) == told_after(flow(habits=())) == {}


def test_nothing_shorter_than_a_quarter_of_an_hour_is_a_silence() -> None:
    assert told_after(flow(1000)) == {"retell:1": 15}


def test_it_stays_one_until_something_comes() -> None:
    assert all(silent(flow(12), at=TEN + HOUR * hours) == ["retell:1"] for hours in range(1, 300, 7))
    assert silent(flow(12, last_at=TEN + HOUR * 3), at=TEN + HOUR * 3 + MINUTE) == []


def test_nights_and_closed_days_do_not_count() -> None:
    ten_only = habit(12, hours=range(24 + 10, 24 + 11))
    assert told_after(flow(habits=(ten_only,)))["retell:1"] == 60
    assert told_after(flow(share=lambda day: 0.0)) == {}


def test_what_comes_in_bunches_is_waited_for_longer() -> None:
    assert told_after(flow(12, bunch=2.0)) == {"retell:1": 120}


def test_a_quiet_week_is_not_taken_for_a_silence() -> None:
    assert told_after(flow(12, came=6)) == {"retell:1": 120}
    assert told_after(flow(12, came=24)) == {"retell:1": 60}


def test_of_branches_in_two_zones_the_one_that_expects_less_counts() -> None:
    assert told_after(flow(habits=(habit(12), habit(6)))) == {"retell:1": 120}


class TestWhatFollowsFromCalls:
    def test_without_calls_nobody_books(self) -> None:
        retell = flow(12)
        assert told_after(retell, flow(6, provider="calcom", calls=retell)) == {"retell:1": 60}

    def test_with_calls_a_silent_calendar_is_one(self) -> None:
        going_on = {TEN + HOUR * number: 12 for number in range(-200, 200)}
        retell = flow(12, recent=lambda: going_on, last_at=TEN + HOUR * 100)
        assert told_after(retell, flow(6, provider="calcom", calls=retell))["calcom:1"] == 120

    def test_it_stays_silent_when_the_calls_stop_too(self) -> None:
        for_three_hours = {TEN + HOUR * number: 12 for number in range(-200, 3)}
        retell = flow(12, recent=lambda: for_three_hours, last_at=TEN + HOUR * 3)
        calendar = flow(6, provider="calcom", calls=retell)
        assert all("calcom:1" in silent(retell, calendar, at=TEN + HOUR * hours) for hours in range(2, 72, 9))


class TestAll:
    def test_many_small_companies_together_are_soon_sure(self) -> None:
        assert told_after(*(flow(2, number) for number in range(20)), hours=2) == {"retell": 20}

    def test_a_company_alone_is_not_all(self) -> None:
        others = [flow(2, number, last_at=TEN + HOUR * 100) for number in range(2, 20)]
        assert told_after(flow(12), *others) == {"retell:1": 60}

    def test_who_was_silent_before_stays_so_beside_all(self) -> None:
        """Or its end would be told while it lasts."""
        alone = flow(12, last_at=TEN - HOUR * 2)
        others = [flow(4, number) for number in range(2, 20)]
        found = told_after(alone, *others, hours=2)
        assert found == {"retell:1": 0, "retell": 15}
        assert all("retell:1" in silent(alone, *others, at=TEN + HOUR * hours) for hours in range(1, 70, 9))

    def test_who_becomes_silent_while_all_are_is_not_told_of_alone(self) -> None:
        assert told_after(*(flow(12, number) for number in range(5)), hours=3) == {"retell": 15}

    def test_vendors_are_judged_apart(self) -> None:
        calendars = [flow(12, number, provider="calcom", last_at=TEN + HOUR * 100) for number in range(5)]
        assert told_after(*(flow(12, number) for number in range(5)), *calendars, hours=2) == {"retell": 15}


def test_the_chance_is_a_threshold() -> None:
    assert told_after(flow(12), chance=math.exp(-6)) == {"retell:1": 30}
    assert told_after(flow(12), chance=0.0)["retell:1"] == pytest.approx(34.6 * 5, abs=5)
