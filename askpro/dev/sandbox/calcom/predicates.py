"""Checks of single values, as class-validator's decorators make them."""

import re
from collections.abc import Callable, Collection
from typing import Any
from zoneinfo import available_timezones

import phonenumbers

from askpro.dev.sandbox.calcom.text import parsed

Predicate = Callable[[Any], bool]

ZONES = frozenset(available_timezones())
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}\.[^@\s.]{2,63}")


def is_date(value: Any) -> bool:
    """An existing date or time in ISO 8601."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        parsed(value)
    except ValueError:
        return False
    return True


def is_email(value: Any) -> bool:
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_filled(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def is_object(value: Any) -> bool:
    return isinstance(value, dict)


def is_url(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def is_digits(value: Any) -> bool:
    """A whole number as a query writes it."""
    return isinstance(value, str) and value.isdecimal()


def is_digits_list(value: Any) -> bool:
    return isinstance(value, str) and all(is_digits(part.strip()) for part in value.split(","))


def is_zone(value: Any) -> bool:
    return isinstance(value, str) and value in ZONES


def is_phone(value: Any) -> bool:
    """E.164 and valid by libphonenumber."""
    if not isinstance(value, str) or not value.startswith("+"):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(value))
    except phonenumbers.NumberParseException:
        return False


def is_metadata(value: Any) -> bool:
    """At most 50 keys of 40 characters, each with a text of 500, a number or a boolean."""
    if not isinstance(value, dict) or len(value) > 50:
        return False
    return all(
        len(name) <= 40 and (len(entry) <= 500 if isinstance(entry, str) else isinstance(entry, int | float))
        for name, entry in value.items()
    )


def is_one_of(words: Collection[str]) -> Predicate:
    return lambda value: isinstance(value, str) and value in words


def is_list_of(holds: Predicate) -> Predicate:
    return lambda value: isinstance(value, list) and all(holds(entry) for entry in value)


def is_comma_list_of(words: Collection[str]) -> Predicate:
    return lambda value: isinstance(value, str) and all(word in words for word in value.split(","))


def is_between(low: int, high: int) -> Predicate:
    """A whole number as a query writes it, both ends included."""
    return lambda value: is_digits(value) and low <= int(value) <= high


def is_absence(value: Any) -> bool:
    """An attendee and whether they were absent, in POST /v2/bookings/{uid}/mark-absent."""
    return is_object(value) and is_email(value.get("email")) and is_flag(value.get("absent"))


def is_location(words: Collection[str]) -> Predicate:
    """An object with one of these types, or the text of old clients."""
    return lambda value: is_text(value) or (is_object(value) and value.get("type") in words)
