"""Turns numbers as callers say and vendors send them into E.164."""

import re
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

HOME: Final = "DE"
"""The country whose national numbers are read if no company says otherwise (ISO 3166-1)."""

NO_NUMBER: Final = frozenset(
    {"anonymous", "unknown", "blocked", "private", "withheld", "unavailable", "restricted", "anonym"}
)

_BLANKS: Final = " \u00a0\u2009\u202f"
_WRITTEN_NUMBER: Final = re.compile(rf"\(?\+?[0-9({_BLANKS}][0-9{_BLANKS}()/.\-\u2010-\u2015]{{2,30}}")
# A plus and fifteen digits (ITU-T E.164 §6.1); for Germany the library also accepts longer ones.
_LONGEST_E164: Final = 16
_LONGEST_WRITTEN: Final = 64
_KEYPAD: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
# For an anonymous caller, Twilio sends the word as typed on a keypad: +266696687 is ANONYMOUS.
_WORDS_ON_A_KEYPAD: Final = frozenset(word.translate(_KEYPAD) for word in NO_NUMBER)
_TEXTABLE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def normalise(raw: object, country: str | None) -> str | None:
    """The number in E.164, or None if it is withheld, a placeholder, invalid, or readable as two numbers.

    Accepts what callers say and vendors send: `+49 30 …`, `0049 …` and `49 …` from anywhere, and the national form
    (`030 / …`) of `country` only, since in other countries the same digits are another number. None: no national form.
    """
    written = raw.strip() if isinstance(raw, str) and len(raw) <= _LONGEST_WRITTEN else ""
    digits = _digits(written)
    if not _WRITTEN_NUMBER.fullmatch(written) or digits.removeprefix("00") in _WORDS_ON_A_KEYPAD:
        return None
    international = {_e164(f"+{each.removeprefix('00')}") for each in (digits, _digits(written.replace("(0)", "", 1)))}
    if "+" in written or digits.startswith("00"):
        readings = international
    elif digits.startswith("0"):
        readings = {_e164(digits, country)}
    else:
        readings = _doubted(international, digits, country)
    readings = readings - {None}
    return readings.pop() if len(readings) == 1 else None


def is_country(code: str) -> bool:
    """Whether numbers of this country (ISO 3166-1, two capitals) can be read."""
    return code in phonenumbers.SUPPORTED_REGIONS


def code(country: str) -> str:
    """The calling code of this country: 49 for DE."""
    return str(phonenumbers.country_code_for_region(country))


def is_mobile(e164: str) -> bool:
    """Whether a text message can be expected to arrive; some countries mix mobile and fixed lines."""
    number = _parsed(e164, None)
    return number is not None and phonenumbers.number_type(number) in _TEXTABLE


def _doubted(international: set[str | None], digits: str, country: str | None) -> set[str | None]:
    """The readings of digits that begin with neither a plus nor a zero: E.164, and a domestic number if valid as one.

    Domestic numbers count only as their country writes them. In Germany they begin with a zero: digits without it that
    begin with 49 are E.164 without its plus; others may have lost the zero or the plus, and are read as nothing.
    """
    national = _e164(digits, country)
    if country is None or national is None:
        return international
    as_written = phonenumbers.format_number(phonenumbers.parse(national), PhoneNumberFormat.NATIONAL)
    if _digits(as_written) == digits:
        return international | {national}
    return international if digits.startswith(code(country)) else set()


def _digits(written: str) -> str:
    return re.sub("[^0-9]", "", written)


def _e164(written: str, country: str | None = None) -> str | None:
    number = _parsed(written, country)
    if number is None or not phonenumbers.is_valid_number(number):
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return e164 if len(e164) <= _LONGEST_E164 else None


def _parsed(written: str, country: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(written, country)
    except NumberParseException:
        return None
