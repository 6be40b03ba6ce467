"""Arguments of a job as JSON: ids and short values, nothing that PostgreSQL could not store."""

import json
import re
from typing import Any

# Payloads and personal data belong in rows of their own.
LARGEST = 8 * 1024
# Most jobs have either arguments by position or by name, and no options.
EMPTY: dict[type, str] = {list: "[]", tuple: "[]", dict: "{}"}
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def encoded(what: str, value: Any, largest: int | None = LARGEST) -> str:
    """Compact JSON. Raises `ValueError`, which says `what` it is about, for values that do not belong in a job."""
    if not value and (empty := EMPTY.get(type(value))):
        return empty
    try:
        text = _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{what} must be plain JSON: {error}.") from error
    if largest is not None and len(text) > largest:
        raise ValueError(f"{what} take {len(text)} bytes; send an id instead (limit 8 KB).")
    if "\\u" in text:
        _check_text(what, value)
    return text


def _check_text(what: str, value: Any) -> None:
    plain = json.dumps(value, ensure_ascii=False)
    try:
        plain.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{what} hold half a character, a lone surrogate.") from error
    if NUL.search(plain):
        raise ValueError(f"{what} hold a NUL character, which PostgreSQL cannot store.")


_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
