"""Arguments of a job as JSON: ids and short values, nothing that PostgreSQL could not store."""

import json
import re
from typing import Any

# Payloads and personal data belong into rows of their own.
LARGEST = 8 * 1024
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def encoded(actor_name: str, value: Any, largest: int | None = LARGEST) -> str:
    """Compact JSON. Raises `ValueError`, naming the actor, on what does not belong into a job."""
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{actor_name}: arguments must be plain JSON: {error}.") from error
    if largest is not None and len(text) > largest:
        raise ValueError(f"{actor_name}: {len(text)} bytes of arguments; send an id instead (limit 8 KB).")
    if "\\u" in text:
        _check_text(actor_name, value)
    return text


def _check_text(actor_name: str, value: Any) -> None:
    plain = json.dumps(value, ensure_ascii=False)
    try:
        plain.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{actor_name}: arguments hold half a character, a lone surrogate.") from error
    if NUL.search(plain):
        raise ValueError(f"{actor_name}: arguments hold a NUL character, which PostgreSQL cannot store.")
