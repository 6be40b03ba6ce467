"""Reading a hostile object: every field comes out usable, absent, or named as unreadable."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.reading import LARGEST_ID, Fields, Unreadable, clean, items, mapping, moment, name, number, text, whole

HOSTILE: list[Any] = [None, True, -1, 0, 1.5, float("nan"), 10**30, "", " ", "\x00", "\ud800", [], {}, [{}], b"x"]


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=200), st.integers(0, 50))
def test_any_text_becomes_one_that_can_be_stored(raw: str, limit: int) -> None:
    kept = clean(raw, limit)
    assert len(kept) <= limit and "\x00" not in kept
    kept.encode()


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_is_too_odd_to_be_read(value: Any) -> None:
    fields = Fields.of({"x": value})
    fields.text("x", 10).encode()
    fields.code("x", 10).encode()
    assert name(value, 10).isprintable()
    assert fields.number("x") is None or 0 < fields.number("x") <= LARGEST_ID
    assert fields.whole("x", 9) in (None, *range(10))
    assert fields.flag("x") in (None, True, False)
    assert isinstance(fields.child("x"), dict) and isinstance(fields.objects("x", 9), list)
    assert isinstance(mapping(value), dict) and isinstance(items(value), list)
    with pytest.raises(Unreadable, match=r"^x is missing or no time with a zone$"):
        fields.moment("x")


@pytest.mark.parametrize("value", HOSTILE)
def test_what_is_no_object_has_no_fields(value: Any) -> None:
    assert Fields.of(value).text("x", 10) == "" and Fields.of(value).inside("x").number("id") is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (1, 1),
        ("17", 17),
        (LARGEST_ID, LARGEST_ID),
        (LARGEST_ID + 1, None),
        (0, None),
        (-3, None),
        (True, None),
        (2.0, None),
        ("unknown", None),
        ("٣", None),
        ("9" * 20, None),
    ],
)
def test_a_number_is_whole_positive_and_fits_a_column(value: object, read: int | None) -> None:
    assert number(value) == read


@pytest.mark.parametrize(
    ("value", "read"), [(3, 3), ("3", 3), (3.9, 3), (False, None), (float("inf"), None), ("-3", None), ("9" * 21, None)]
)
def test_a_whole_number_may_be_written_as_text_or_with_a_fraction(value: object, read: int | None) -> None:
    assert whole(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2026-12-01T10:00:00+01:00", datetime(2026, 12, 1, 9, 0, tzinfo=UTC)),
        ("2026-12-01T09:00:00.000Z", datetime(2026, 12, 1, 9, 0, tzinfo=UTC)),
        ("2026-12-01T09:00:00", None),
        ("2026-12-01", None),
        ("1999-12-31T00:00:00Z", None),
        ("2100-01-01T00:00:00Z", None),
        ("morgen", None),
        ("2026-12-01T09:00:00+00:00" + " " * 40, None),
        (1764579600000, None),
    ],
)
def test_a_moment_has_a_zone_and_lies_in_this_century(value: object, read: datetime | None) -> None:
    assert moment(value) == read


def test_a_name_is_kept_exactly_or_not_at_all() -> None:
    assert name("SM 1", 4) == "SM 1"
    assert [name(value, 4) for value in ("SM\n1", "", "SM123", 7)] == ["", "", "", ""]


def test_a_text_is_cut_and_a_code_is_dropped_and_both_are_noted() -> None:
    fields = Fields({"words": "x" * 30, "id": "y" * 30, "flag": "perhaps", "link": "ftp://x", "inner": {"n": []}})
    assert fields.text("words", 10) == "x" * 10 and text("x" * 30, 10) == "x" * 10
    assert fields.code("id", 10) == "" and fields.flag("flag") is None and fields.url("link") == ""
    assert fields.inside("inner").text("n", 5) == ""
    assert fields.problems == [
        "words was cut",
        "id is too long",
        "flag has the wrong type",
        "link is no web address",
        "n has the wrong type",
    ]


def test_the_first_field_with_words_counts() -> None:
    fields = Fields({"a": " ", "b": None, "c": "c", "d": "d"})
    assert fields.first_text("a", "b", "c", "d", limit=5) == "c"
    assert fields.first_text("a", "b", limit=5) == ""
