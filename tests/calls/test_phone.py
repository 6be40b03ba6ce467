import re
from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

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
    assert normalise(written, "DE") == e164


@pytest.mark.parametrize(
    ("written", "e164"),
    [
        ("4915557000123", "+4915557000123"),
        ("49 155 57000123", "+4915557000123"),
        ("491701234567", "+491701234567"),
        ("4961112345", "+4961112345"),
        ("493023125100", "+493023125100"),
        ("49 (0) 155 57000123", "+4915557000123"),
        ("(+49) 155 57000123", "+4915557000123"),
        ("0 0 49 155 57000123", "+4915557000123"),
        ("0049(0)155/57000123", "+4915557000123"),
        # Without its zero it may also be a number in Texas.
        ("15123456789", None),
        ("436641234567", None),
    ],
)
def test_it_takes_digits_that_begin_with_the_countrys_own_code_for_e164_without_its_plus(
    written: str, e164: str | None
) -> None:
    assert normalise(written, "DE") == e164


def test_it_reads_a_national_number_as_the_branchs_own_countrys_only() -> None:
    assert normalise("01 234567890", "DE") is None
    assert normalise("01 234567890", "AT") == "+431234567890"
    assert normalise("01 234567890", None) is None
    assert normalise("431234567890", None) == "+431234567890"


COUNTRIES = ("DE", "AT", "CH", "FR", "NL", "BE", "IT", "ES", "DK", "PL", "GB", "US")
EXAMPLES = {
    country: [
        number
        for kind in PhoneNumberType.values()
        if (number := phonenumbers.example_number_for_type(country, kind)) is not None
    ]
    for country in COUNTRIES
}


def written_abroad(number: PhoneNumber) -> Iterator[str]:
    """All the ways in which people and vendors write a number with its country code."""
    code, rest = str(number.country_code), phonenumbers.national_significant_number(number)
    printed = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL).removeprefix("+")
    zeros = ["(0)"] if phonenumbers.ndd_prefix_for_region(COUNTRY_OF[number.country_code], True) == "0" else []
    for plus in ("+", "00", "", "0 0 ", "+ "):
        yield f"{plus}{code}{rest}"
        yield f"{plus}{printed}"
        yield f"{plus}{code} {rest[:3]}/{rest[3:]}"
        yield f"{plus}{code}-{rest[:2]}.{rest[2:]}"
        yield f" ({plus}{code}) {rest[:3]} {rest[3:]} "
        yield f"{plus}{code}\u00a0{rest[:3]}\u2011{rest[3:]}"
        yield from (f"{plus}{code} {zero} {rest}" for zero in zeros)
        yield from (f"{plus}{code}{zero}{rest}" for zero in zeros)


def written_at_home(number: PhoneNumber) -> Iterator[str]:
    printed = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    yield printed
    yield re.sub("[^0-9]", "", printed)
    yield re.sub("[^0-9]", "/", printed)
    yield f"({printed[:3]}) {printed[3:].replace('(', '').replace(')', '')}"
    yield phonenumbers.national_significant_number(number)


COUNTRY_OF = {phonenumbers.country_code_for_region(country): country for country in COUNTRIES}


@pytest.mark.parametrize("home", COUNTRIES)
def test_a_number_however_it_is_written_is_itself_or_none_but_never_another(home: str) -> None:
    wrong, read, doubted = [], 0, 0
    for country, numbers in EXAMPLES.items():
        for number in numbers:
            e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
            spellings = [*written_abroad(number), *(written_at_home(number) if country == home else ())]
            answers = [(written, normalise(written, home)) for written in spellings]
            wrong += [(written, answer) for written, answer in answers if answer not in {e164, None}]
            read += sum(answer == e164 for _, answer in answers)
            doubted += sum(answer is None for _, answer in answers)
    assert not wrong
    print(f"{home}: {read} read, {doubted} nobody's")
    assert doubted < 0.25 * read


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
    assert normalise(withheld, "DE") is None


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
    assert normalise(wrong, "DE") is None


def test_it_has_no_number_when_it_is_longer_than_e164_allows() -> None:
    assert normalise("+492151234567890", "DE") == "+492151234567890"
    assert normalise("+4921512345678901", "DE") is None
    assert normalise("0215 1234 5678 9012", "DE") is None


@pytest.mark.parametrize(
    ("e164", "mobile"),
    [("+4915551230011", True), ("+493023125100", False), ("+12025550123", True), ("", False), ("x", False)],
)
def test_it_knows_where_a_text_message_arrives(e164: str, mobile: bool) -> None:
    assert is_mobile(e164) is mobile


@given(st.text(max_size=40) | st.text(alphabet="+0123456789 ()/.-", max_size=24), st.sampled_from([*COUNTRIES, None]))
def test_it_never_raises_and_normalising_twice_changes_nothing(written: str, country: str | None) -> None:
    e164 = normalise(written, country)

    assert e164 is None or normalise(e164, country) == e164
