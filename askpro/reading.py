"""Reads what strangers wrote: fields that may be missing, of another type, endless or hostile.

Every vendor's answers and webhooks are read with this, and so is what callers said. Before that, `webhooks` decides
whether a *body* is acceptable JSON or form data at all.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self, TypeVar

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
LARGEST_ID: Final = 2**63 - 1

T = TypeVar("T")

# PostgreSQL stores no NUL, a lone surrogate cannot be encoded, the other controls only spoil a page.
_UNSTORABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_ID: Final = re.compile(r"[0-9]{1,19}", re.ASCII)


class Unreadable(ValueError):
    """A field that is needed is missing or makes no sense; the text names the field, never its value."""


def clean(text: str, limit: int) -> str:
    """The text without characters that cannot be stored, without outer blanks, cut to `limit` characters."""
    return _UNSTORABLE.sub("", text[: limit * 2]).strip()[:limit].rstrip()


def text(value: object, limit: int) -> str:
    """Free text, cleaned and cut; empty when the value is not a text."""
    return clean(value, limit) if isinstance(value, str) else ""


def name(value: object, limit: int) -> str:
    """A short name, exactly as it came, fit for a column and for comparing; else empty."""
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        return ""
    return value if value.isprintable() else ""


def number(value: object) -> int | None:
    """A whole positive number that fits a bigint, such as an id, else None. Digits pass: a form has only texts."""
    if isinstance(value, str) and _ID.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST_ID:
        return None
    return value


def whole(value: object) -> int | None:
    """A whole number, also from digits in a text or from a fraction, which is cut off; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return int(value)
    return value if isinstance(value, int) else None


def moment(value: object) -> datetime | None:
    """An instant in UTC, from ISO 8601 with a zone and between 2000 and 2100, else None."""
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
    except ValueError:
        return None
    if parsed is None or parsed.tzinfo is None or not EARLIEST.year <= parsed.year < LATEST.year:
        return None
    return parsed.astimezone(UTC)


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


@dataclass(slots=True)
class Fields:
    """One object of a hostile payload, read field by field.

    A wrong value in an optional field reads as absent, and is noted in `problems` by the field's name.
    """

    source: Mapping[str, Any]
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, value: object) -> Self:
        """The fields of any value; what is not an object has none."""
        return cls(mapping(value))

    def text(self, name: str, limit: int) -> str:
        """Free text; cut to `limit`, empty when absent."""
        value = self._typed(name, str)
        if value is None:
            return ""
        if len(value) > limit:
            self.note(name, "was cut")
        return clean(value, limit)

    def code(self, name: str, limit: int) -> str:
        """A name or number that means nothing when cut: dropped when longer than `limit`."""
        value = self._typed(name, str)
        if value is None:
            return ""
        if len(value.strip()) > limit:
            self.note(name, "is too long")
            return ""
        return clean(value, limit)

    def first_text(self, *names: str, limit: int) -> str:
        """Free text, from the first of these fields that has any."""
        return next((found for name in names if (found := self.text(name, limit))), "")

    def url(self, name: str, limit: int = 2000) -> str:
        value = self.code(name, limit)
        if value and not value.lower().startswith(("https://", "http://")):
            self.note(name, "is no web address")
            return ""
        return value

    def flag(self, name: str) -> bool | None:
        value = self.source.get(name)
        if isinstance(value, str) and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        return self._typed(name, bool)

    def number(self, name: str) -> int | None:
        """A whole positive number that fits a bigint, such as an id."""
        return number(self.source.get(name))

    def whole(self, name: str, highest: int) -> int | None:
        """A whole number from 0 to `highest`."""
        value = self.source.get(name)
        if value is None:
            return None
        found = whole(value)
        if found is None or not 0 <= found <= highest:
            self.note(name, "is not a number in range")
            return None
        return found

    def moment(self, name: str) -> datetime:
        """An instant that has to be there. Raises `Unreadable`."""
        found = moment(self.source.get(name))
        if found is None:
            raise Unreadable(f"{name} is missing or no time with a zone")
        return found

    def child(self, name: str) -> dict[str, Any]:
        """The object in a field, as it came; an empty one when absent."""
        value = self._typed(name, dict)
        return {} if value is None else value

    def inside(self, name: str) -> Self:
        """The fields of the object in a field; their problems are added to this one's."""
        return type(self)(self.child(name), self.problems)

    def objects(self, name: str, most: int) -> list[dict[str, Any]]:
        value = self._typed(name, list)
        return [item for item in (value or [])[:most] if isinstance(item, dict)]

    def note(self, name: str, problem: str) -> None:
        """Remember what is wrong with a field, without its value."""
        self.problems.append(f"{name} {problem}")

    def _typed(self, name: str, kind: type[T]) -> T | None:
        value = self.source.get(name)
        if value is None or isinstance(value, kind):
            return value
        self.note(name, "has the wrong type")
        return None
