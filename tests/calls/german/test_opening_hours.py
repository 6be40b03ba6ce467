from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.german.opening_hours import InvalidOpeningHours, OpeningHours

STORED = {"mo": [["09:00", "13:00"], ["14:00", "18:00"]], "sa": [["10:00", "24:00"]]}
MONDAY, SATURDAY, SUNDAY = date(2025, 11, 17), date(2025, 11, 22), date(2025, 11, 23)


def test_it_keeps_the_stored_form() -> None:
    assert OpeningHours.from_json(STORED).to_json() == STORED


@pytest.mark.parametrize(
    ("day", "clock", "opened"),
    [
        (MONDAY, "08:59", False),
        (MONDAY, "09:00", True),
        (MONDAY, "12:59", True),
        (MONDAY, "13:00", False),
        (MONDAY, "14:00", True),
        (MONDAY, "18:00", False),
        (SATURDAY, "23:59", True),
        (SUNDAY, "12:00", False),
    ],
)
def test_it_is_open_from_the_first_minute_until_before_the_last(day: date, clock: str, opened: bool) -> None:
    at = datetime.fromisoformat(f"{day} {clock}")

    assert OpeningHours.from_json(STORED).is_open(at) is opened


def test_it_names_the_minutes_at_which_it_is_open() -> None:
    assert OpeningHours.from_json(STORED).open_minutes(MONDAY, [4 * 60, 16 * 60]) == (16 * 60,)


@pytest.mark.parametrize("nothing", [None, {}, {"mo": []}, {"mo": None}])
def test_it_decides_nothing_when_no_hours_are_stored(nothing: object) -> None:
    assert OpeningHours.from_json(nothing) == OpeningHours()


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ([], "the whole"),
        ("mo", "the whole"),
        ({"monday": []}, "monday"),
        ({"mo": "09:00-18:00"}, "mo"),
        ({"di": [["09:00"]]}, "di"),
        ({"di": ["09:00", "18:00"]}, "di"),
        ({"mi": [["18:00", "09:00"]]}, "mi"),
        ({"mi": [["09:00", "09:00"]]}, "mi"),
        ({"do": [["9:00", "18:00"]]}, "do"),
        ({"do": [["09:00", "24:30"]]}, "do"),
        ({"do": [[9, 18]]}, "do"),
        ({"fr": [["09:00", "13:00"], ["12:00", "18:00"]]}, "fr"),
        ({"so": [["00:00", "01:00"]] * 7}, "so"),
    ],
)
def test_it_names_the_place_when_the_stored_form_is_wrong(value: object, where: str) -> None:
    with pytest.raises(InvalidOpeningHours) as error:
        OpeningHours.from_json(value)

    assert error.value.where == where


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["09:00", "18:00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["mo", "di", "x"]), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_it_reads_or_refuses_any_json(value: object) -> None:
    try:
        hours = OpeningHours.from_json(value)
    except InvalidOpeningHours:
        return
    assert OpeningHours.from_json(hours.to_json()) == hours
