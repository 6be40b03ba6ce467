"""Public holidays by state, with their names in the company's language."""

from datetime import date

import pytest

from calls import holidays

REFORMATION, ALL_SAINTS = date(2026, 10, 31), date(2026, 11, 1)


@pytest.mark.parametrize(
    ("state", "days"),
    [("BE", []), ("SN", [REFORMATION]), ("BY", [ALL_SAINTS]), ("HH", [REFORMATION]), ("NW", [ALL_SAINTS])],
)
def test_each_state_has_its_own(state: str, days: list[date]) -> None:
    assert list(holidays.public_holidays("DE", state, date(2026, 10, 30), date(2026, 11, 2))) == days


def test_they_are_named_in_order_across_the_turn_of_the_year() -> None:
    found = holidays.public_holidays("DE", "BE", date(2026, 12, 25), date(2027, 1, 1))
    assert found == {
        date(2026, 12, 25): "Erster Weihnachtstag",
        date(2026, 12, 26): "Zweiter Weihnachtstag",
        date(2027, 1, 1): "Neujahr",
    }
    assert holidays.public_holidays("DE", "BE", date(2027, 1, 1), date(2027, 1, 1), "en") == {
        date(2027, 1, 1): "New Year's Day"
    }


@pytest.mark.parametrize(("country", "state"), [("DE", ""), ("DE", "XX"), ("DE", "be"), ("ZZ", "BE"), ("AT", "BE")])
def test_a_state_that_is_not_known_has_none(country: str, state: str) -> None:
    assert not holidays.is_state(country, state)
    assert holidays.public_holidays(country, state, date(2026, 1, 1), date(2026, 12, 31)) == {}
