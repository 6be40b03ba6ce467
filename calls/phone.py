import re
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

HOME_REGIONS: Final = ("DE", "AT", "CH", "FR", "NL", "BE")
"""In whose national form a number without country code is read, the first that makes it valid."""

NO_NUMBER: Final = frozenset(
    {"anonymous", "unknown", "blocked", "private", "withheld", "unavailable", "restricted", "anonym"}
)

_WRITTEN_NUMBER = re.compile(r"\+?[0-9(][0-9 ()/.\-\u2010-\u2015]{2,30}")
# A plus and fifteen digits (ITU-T E.164 §6.1); the library takes longer ones of Germany for valid.
_LONGEST_E164 = 16
_KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
# Twilio hands an anonymous caller on as the word typed on a keypad: +266696687 is ANONYMOUS.
_WORDS_ON_A_KEYPAD = frozenset(word.translate(_KEYPAD) for word in NO_NUMBER)
_TEXTABLE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def normalise(raw: object) -> str | None:
    """The number in E.164, or None when it is withheld, a placeholder, or no valid number.

    Accepts what callers say and vendors send: `+49 30 …`, `0049 …`, `49 …`, `030 / …`.
    """
    written = raw.strip() if isinstance(raw, str) else ""
    if not _WRITTEN_NUMBER.fullmatch(written) or re.sub("[^0-9]", "", written) in _WORDS_ON_A_KEYPAD:
        return None
    regions = (None,) if written.startswith("+") else HOME_REGIONS
    for region in regions:
        number = _parsed(written, region)
        if number is not None and phonenumbers.is_valid_number(number):
            e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
            return e164 if len(e164) <= _LONGEST_E164 else None
    return None


def is_mobile(e164: str) -> bool:
    """Whether a text message can be expected to arrive; some countries mix mobile and fixed lines."""
    number = _parsed(e164, None)
    return number is not None and phonenumbers.number_type(number) in _TEXTABLE


def _parsed(written: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(written, region)
    except NumberParseException:
        return None
