"""What each source says, sorted by appointment."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from calls.wishes.answers import said
from calls.wishes.field_names import FIELDS, LISTED_FIELDS, LISTS, WISH_FIELDS, folded_name, numbered

_MOST: Final = 20
_LONGEST_JSON: Final = 50_000


@dataclass(frozen=True, slots=True, repr=False)
class Statement:
    """What one source says about the appointment with this ordinal, by folded field names."""

    ordinal: int
    values: Mapping[str, object]
    listed: bool = False

    def text(self, part: str) -> str:
        """What was said for a part ("date", "service", …); empty for nothing and for placeholders."""
        return next((text for value in self.all(self._names(part)) if (text := said(value))), "")

    def told_by(self, part: str) -> str:
        """The field in which that was said; empty for none."""
        return next((name for name in self._names(part) if said(self.values.get(name))), "")

    def all(self, names: Iterable[str]) -> Iterator[object]:
        return (self.values[name] for name in names if name in self.values)

    def _names(self, part: str) -> tuple[str, ...]:
        return FIELDS[part] + (LISTED_FIELDS.get(part, ()) if self.listed else ())


def statements(source: object) -> list[Statement]:
    """One statement per appointment: the plain fields, fields numbered `datum_2`, and lists of appointments.

    Beside a list, the plain fields count only for what they say about the caller.
    """
    values = _folded(source)
    rows_of_lists = [item for name in LISTS for item in listed(values.get(name))][:_MOST]
    if rows_of_lists:
        callers = {name: value for name, value in values.items() if name not in _WISHED}
        return [Statement(1, {**callers, **rows_of_lists[0]}, listed=True)] + [
            Statement(n, item, listed=True) for n, item in enumerate(rows_of_lists[1:], start=2)
        ]
    rows: dict[int, dict[str, object]] = {1: {}}
    for name, value in values.items():
        plain, ordinal = numbered(name)
        rows.setdefault(ordinal, {}).setdefault(plain, value)
    return [Statement(ordinal, rows[ordinal]) for ordinal in sorted(rows)]


def listed(value: object) -> list[dict[str, object]]:
    """The appointments of a list, also when the list is written as JSON in a string."""
    if isinstance(value, str) and value.lstrip()[:1] in {"[", "{"} and len(value) <= _LONGEST_JSON:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    items = value if isinstance(value, list) else [value]
    return [_folded(item) for item in items if isinstance(item, dict) and item]


_WISHED: Final = frozenset(name for names in WISH_FIELDS.values() for name in names)


def _folded(source: object) -> dict[str, object]:
    folded: dict[str, object] = {}
    if isinstance(source, dict):
        for key, value in source.items():
            folded.setdefault(folded_name(key), value)
    return folded
