import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from calls.text import clean

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

T = TypeVar("T")

_DEEPEST = 8
_MOST_ITEMS = 500
_LONGEST_VALUE = 10_000
_LONGEST_KEY = 200
_BIGGEST_INTEGER = 2**63


class InvalidCall(ValueError):
    """A payload that cannot become a call. Names the field and the reason, never the value."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"Not a call: {field} {reason}.")
        self.field = field
        self.reason = reason


@dataclass(slots=True)
class Fields:
    """One object of a hostile payload, read field by field.

    A wrong value in an optional field reads as absent, and is noted in `problems` by the field's name.
    """

    source: Mapping[str, object]
    problems: list[str] = field(default_factory=list)

    def text(self, name: str, limit: int) -> str:
        """Free text; cut to `limit`, empty when absent."""
        value = self._typed(name, str)
        if value is None:
            return ""
        if len(value) > limit:
            self._note(name, "was cut")
        return clean(value, limit)

    def code(self, name: str, limit: int) -> str:
        """A name or number that means nothing when cut: dropped when longer than `limit`."""
        value = self._typed(name, str)
        if value is None:
            return ""
        if len(value.strip()) > limit:
            self._note(name, "is too long")
            return ""
        return clean(value, limit)

    def url(self, name: str, limit: int = 2000) -> str:
        value = self.code(name, limit)
        if value and not value.lower().startswith(("https://", "http://")):
            self._note(name, "is no web address")
            return ""
        return value

    def flag(self, name: str) -> bool | None:
        value = self.source.get(name)
        if isinstance(value, str) and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        return self._typed(name, bool)

    def whole(self, name: str, highest: int) -> int | None:
        """A whole number from 0 to `highest`."""
        value = self.source.get(name)
        if value is None:
            return None
        whole = _whole(value)
        if whole is None or not 0 <= whole <= highest:
            self._note(name, "is not a number in range")
            return None
        return whole

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
            self._note(name, "is not an amount in range")
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

    def child(self, name: str) -> dict[str, object]:
        value = self._typed(name, dict)
        return {} if value is None else value

    def values(self, name: str) -> dict[str, object]:
        """An object of any shape, made fit for storing."""
        cleaned = storable(self.child(name))
        return cleaned if isinstance(cleaned, dict) else {}

    def objects(self, name: str, most: int) -> list[dict[str, object]]:
        value = self._typed(name, list)
        return [item for item in (value or [])[:most] if isinstance(item, dict)]

    def _typed(self, name: str, kind: type[T]) -> T | None:
        value = self.source.get(name)
        if value is None or isinstance(value, kind):
            return value
        self._note(name, "has the wrong type")
        return None

    def _from_iso(self, name: str, value: object) -> datetime | None:
        if not isinstance(value, str) or not 10 <= len(value) <= 40 or value.isdigit():
            return None
        try:
            stated = datetime.fromisoformat(value)
            if stated.tzinfo is None:
                self._note(name, "has no zone and was read as UTC")
                stated = stated.replace(tzinfo=UTC)
            return stated.astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def _note(self, name: str, problem: str) -> None:
        self.problems.append(f"{name} {problem}")


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


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return int(value)
    return value if isinstance(value, int) else None


def _from_milliseconds(value: object) -> datetime | None:
    milliseconds = _whole(value)
    if milliseconds is None:
        return None
    # Out of range, whatever it is exactly: the conversion overflows on numbers that no calendar holds.
    if not EARLIEST.timestamp() * 1000 <= milliseconds < LATEST.timestamp() * 1000:
        return LATEST
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
