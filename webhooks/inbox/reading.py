"""Reads JSON and forms that strangers wrote, with a limit on everything."""

import json
from typing import Any, NoReturn
from urllib.parse import parse_qsl

FORM = "application/x-www-form-urlencoded"
DEEPEST = 64
MOST_FIELDS = 500
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Malformed(ValueError):
    """The body cannot be read at all; the message never quotes it."""


def load_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`. Raises `Malformed` for everything else: bytes that are not UTF-8, NaN, numbers of
    thousands of digits, more than `DEEPEST` levels. NUL and lone surrogates written as escapes are legal JSON and
    pass: the code that stores a text cleans it.
    """
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Malformed("not readable as JSON") from error
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    if _looks_deep(body) and _is_deeper(value, DEEPEST):
        raise Malformed("nested too deeply")
    return value


def load_form(body: bytes) -> dict[str, Any]:
    """The first value of each field, as in a request. Raises `Malformed`."""
    return dict(reversed(form_fields(body)))


def form_fields(body: bytes) -> list[tuple[str, str]]:
    """All fields in order, decoded, blank ones included. Raises `Malformed`."""
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Malformed("not readable as a form") from error


def _refuse(constant: str) -> NoReturn:
    raise Malformed(constant)


def _looks_deep(body: bytes) -> bool:
    """A cheap check that never misses: each round removes the innermost pairs of brackets, one level."""
    brackets = body.translate(None, _ALL_BUT_BRACKETS)
    for _ in range(DEEPEST):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)


def _is_deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        inner = (item.values() if isinstance(item, dict) else item for item in layer)
        layer = [item for items in inner for item in items if isinstance(item, dict | list)]
        if not layer:
            return False
    return True
