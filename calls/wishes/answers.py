"""Reads short answers in an agent's fields: yes, no, or nothing."""

import re
from typing import Final

from askpro.reading import clean
from calls.text import fold

_NOTHING: Final = frozenset(
    {
        "none",
        "null",
        "undefined",
        "nan",
        "n/a",
        "unbekannt",
        "unknown",
        "keine angabe",
        "nicht angegeben",
        "-",
        "--",
    }
)
_YES: Final = frozenset(
    {"ja", "ja gern", "ja gerne", "ja bitte", "gern", "gerne", "einverstanden", "yes", "true", "1", "y"}
)
_NO: Final = frozenset({"nein", "nein danke", "no", "false", "0", "n", "nicht"})
_REFUSAL: Final = re.compile(r"(nein|kein|keine|keinen|nicht|no|not|false|none)\b")
_LONGEST_ANSWER: Final = 200


def said(value: object) -> str:
    """The text of a field; empty for nothing, placeholders, and words that mean nothing."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or "{{" in value:
        return ""
    text = clean(value, 10_000)
    return "" if fold(text) in _NOTHING else text


def consent(value: object) -> bool | None:
    """A plain yes or no; None for anything that would need interpretation."""
    if isinstance(value, bool):
        return value
    answer = re.sub(r"[^\w ]", "", fold(value[:_LONGEST_ANSWER])).strip() if isinstance(value, str) else ""
    return True if answer in _YES else False if answer in _NO else None


def affirms(value: object) -> bool:
    """Whether a field for a wish contains it: a yes, or any words that do not begin with a refusal."""
    if isinstance(value, (bool, int, float)):
        return bool(value)
    text = fold(said(value))
    return bool(text) and consent(text) is not False and _REFUSAL.match(text) is None
