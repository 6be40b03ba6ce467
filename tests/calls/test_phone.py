import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.phone import is_mobile, normalise


@pytest.mark.parametrize(
    ("written", "e164"),
    [
        ("+493023125100", "+493023125100"),
        (" +49 30 23125-100 ", "+493023125100"),
        ("+49 (0) 30 23125100", "+493023125100"),
        ("0049 30 23125100", "+493023125100"),
        ("493023125100", "+493023125100"),
        ("030 23125 100", "+493023125100"),
        ("030/23125100", "+493023125100"),
        ("(030) 23125-100", "+493023125100"),
        ("01555 1230011", "+4915551230011"),
        ("015551230011", "+4915551230011"),
        ("+43 1 234567890", "+431234567890"),
        ("+41 21 234 56 78", "+41212345678"),
        ("+1 202-555-0123", "+12025550123"),
    ],
)
def test_it_writes_a_number_in_e164(written: str, e164: str) -> None:
    assert normalise(written) == e164


def test_it_reads_a_national_number_of_a_neighbour_when_it_is_none_at_home() -> None:
    assert normalise("01 234567890") == "+431234567890"


@pytest.mark.parametrize(
    "withheld",
    [
        "",
        "  ",
        "anonymous",
        "Anonymous",
        "unknown",
        "blocked",
        "private",
        "withheld",
        "unavailable",
        "restricted",
        "+266696687",
        "266696687",
        "+7378742833",
        "{{caller_phone_number}}",
        "{{ from_number }}",
        "undefined",
    ],
)
def test_it_has_no_number_when_the_caller_withholds_it(withheld: str) -> None:
    assert normalise(withheld) is None


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        493023125100,
        True,
        ["+493023125100"],
        "110",
        "+49",
        "+49 30",
        "0",
        "+493023125100999999999",
        "0800 BLUMEN",
        "tel:+493023125100",
        "+493023125100;ext=5",
        "+493023125100\x00",
        "\ud800",
        "+٤٩٣٠٢٣١٢٥١٠٠",
        "9" * 10_000,
    ],
)
def test_it_has_no_number_when_it_is_none(wrong: object) -> None:
    assert normalise(wrong) is None


def test_it_has_no_number_when_it_is_longer_than_e164_allows() -> None:
    assert normalise("+492151234567890") == "+492151234567890"
    assert normalise("+4921512345678901") is None
    assert normalise("0215 1234 5678 9012") is None


@pytest.mark.parametrize(
    ("e164", "mobile"),
    [("+4915551230011", True), ("+493023125100", False), ("+12025550123", True), ("", False), ("x", False)],
)
def test_it_knows_where_a_text_message_arrives(e164: str, mobile: bool) -> None:
    assert is_mobile(e164) is mobile


@given(st.text(max_size=40) | st.text(alphabet="+0123456789 ()/.-", max_size=24))
def test_it_never_raises_and_normalising_twice_changes_nothing(written: str) -> None:
    e164 = normalise(written)

    assert e164 is None or normalise(e164) == e164
