"""The fields of Retell's objects: amounts, moments, and values of any shape made fit for storing."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from askpro.reading import EARLIEST, LATEST, Fields, clean, whole

_DEEPEST: Final = 8
_MOST_ITEMS: Final = 500
_LONGEST_VALUE: Final = 10_000
_LONGEST_KEY: Final = 200
_BIGGEST_INTEGER: Final = 2**63


class InvalidCall(ValueError):
    """A payload that cannot become a call. Names the field and the reason, never the value."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"Not a call: {field} {reason}.")
        self.field = field
        self.reason = reason


class CallFields(Fields):
    """One object of a call, with readers for Retell's own formats."""

    def dollars_from_cents(self, name: str, highest: int = 100_000) -> Decimal | None:
        """US dollars, to a hundredth of a cent, from Retell's US cents."""
        value = self.source.get(name)
        if value is None:
            return None
        try:
            cents = Decimal(str(value)) if isinstance(value, (int, float, str)) else Decimal("nan")
        except (InvalidOperation, ValueError):
            cents = Decimal("nan")
        if isinstance(value, bool) or not cents.is_finite() or not 0 <= cents <= highest * 100:
            self.note(name, "is not an amount in range")
            return None
        return (cents / 100).quantize(Decimal("0.0001"))

    def instant(self, name: str) -> datetime | None:
        """A time in UTC, from epoch milliseconds or ISO 8601; without a zone it is read as UTC, and noted.

        Raises InvalidCall for anything else: "morgen" counts from the start of the call, so a start that
        cannot be read must not be passed over.
        """
        value = self.source.get(name)
        if value is None:
            return None
        instant = self._from_iso(name, value) or _from_milliseconds(value)
        if instant is None:
            raise InvalidCall(name, "is not a time")
        if not EARLIEST <= instant < LATEST:
            raise InvalidCall(name, "is before 2000 or after 2100")
        return instant

    def values(self, name: str) -> dict[str, object]:
        """An object of any shape, made fit for storing."""
        return storable_object(self.child(name))

    def _from_iso(self, name: str, value: object) -> datetime | None:
        if not isinstance(value, str) or not 10 <= len(value) <= 40 or value.isdigit():
            return None
        try:
            stated = datetime.fromisoformat(value)
            if stated.tzinfo is None:
                self.note(name, "has no zone and was read as UTC")
                stated = stated.replace(tzinfo=UTC)
            return stated.astimezone(UTC)
        except (ValueError, OverflowError):
            return None


def storable_object(value: Mapping[str, object]) -> dict[str, Any]:
    """The object as JSON that PostgreSQL takes, each value as `storable` leaves it."""
    cleaned = storable(value)
    return cleaned if isinstance(cleaned, dict) else {}


def storable(value: object, depth: int = _DEEPEST) -> object:
    """JSON that PostgreSQL takes: clean bounded texts, finite numbers, bounded depth; else None."""
    if isinstance(value, str):
        return clean(value, _LONGEST_VALUE)
    if isinstance(value, (bool, int)):
        return value if abs(value) < _BIGGEST_INTEGER else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth == 0:
        return None
    if isinstance(value, list):
        return [storable(item, depth - 1) for item in value[:_MOST_ITEMS]]
    if isinstance(value, dict):
        kept = list(value.items())[:_MOST_ITEMS]
        return {clean(str(key), _LONGEST_KEY): storable(item, depth - 1) for key, item in kept}
    return None


def _from_milliseconds(value: object) -> datetime | None:
    milliseconds = whole(value)
    if milliseconds is None:
        return None
    # Too large or small; not converted, because that overflows on numbers beyond the calendar.
    if not EARLIEST.timestamp() * 1000 <= milliseconds < LATEST.timestamp() * 1000:
        return LATEST
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
