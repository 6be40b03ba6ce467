"""Retell's filters, those of the third version of list-calls."""

from collections.abc import Callable
from typing import Any

_NUMBERS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda have, want: have == want,
    "ne": lambda have, want: have != want,
    "gt": lambda have, want: have > want,
    "ge": lambda have, want: have >= want,
    "lt": lambda have, want: have < want,
    "le": lambda have, want: have <= want,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda have, want: have == want,
    "ne": lambda have, want: have != want,
    "sw": lambda have, want: have.startswith(want),
    "ew": lambda have, want: have.endswith(want),
    "co": lambda have, want: want in have,
}


class BadFilter(ValueError):
    """A filter that Retell answers with 400."""


def passes(call: dict[str, Any], criteria: dict[str, Any]) -> bool:
    """Whether a call meets every filter. A missing field meets none. Raises `BadFilter`."""
    if not isinstance(criteria, dict):
        raise BadFilter("filter_criteria")
    return all(_meets(call.get(name), wanted) for name, wanted in criteria.items() if name != "metadata")


def _meets(have: Any, wanted: Any) -> bool:
    if not isinstance(wanted, dict) or "type" not in wanted or "value" not in wanted:
        raise BadFilter("a filter needs type, op and value")
    kind, operator, value = wanted["type"], wanted.get("op"), wanted["value"]
    if kind == "range" and operator == "bt" and isinstance(value, list) and len(value) == 2:
        return isinstance(have, int) and value[0] <= have <= value[1]
    if kind == "number" and operator in _NUMBERS:
        return isinstance(have, int | float) and _NUMBERS[operator](have, value)
    if kind == "enum" and operator in ("in", "ni") and isinstance(value, list):
        return (have in value) == (operator == "in")
    if kind == "string" and operator in _TEXTS:
        return isinstance(have, str) and _TEXTS[operator](have, value)
    if kind == "boolean" and operator == "eq":
        return have is value
    raise BadFilter(f"{kind} {operator}")
