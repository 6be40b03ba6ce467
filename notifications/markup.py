"""The language of message texts: words, `{variables}`, and `[parts]` that may be left out.

A variable is a name and nothing else. Nothing here formats objects: no attribute, index or format can be named.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_TOKENS: Final = re.compile(r"\{[^{}]*\}|[\[\]{}]|[^\[\]{}]+")
_NAME: Final = re.compile(r"[a-z][a-z_]*", re.ASCII)


class Unreadable(ValueError):
    """A text that is none of this language. Its message is for whoever wrote the text."""

    def __init__(self, problem: str | Promise) -> None:
        super().__init__(problem)
        self.problem = problem


class Name(str):
    """A variable's place in a text."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Words and variables that are shown together or, if the part is optional, left out together."""

    pieces: tuple[str, ...]
    is_optional: bool

    @property
    def names(self) -> frozenset[str]:
        return frozenset(piece for piece in self.pieces if isinstance(piece, Name))


@lru_cache(maxsize=1024)
def parse(text: str) -> tuple[Part, ...]:
    """The parts of a text, in their order. Raises `Unreadable`."""
    parts: list[Part] = []
    pieces: list[str] = []
    is_optional = False
    for token in _TOKENS.findall(text):
        if token not in ("[", "]"):
            pieces.append(_piece(token))
            continue
        if (token == "[") is is_optional:
            raise Unreadable(_NESTED if is_optional else _NOT_OPENED)
        parts.append(_part(pieces, is_optional))
        pieces, is_optional = [], not is_optional
    if is_optional:
        raise Unreadable(_NOT_CLOSED)
    parts.append(_part(pieces, is_optional))
    return tuple(part for part in parts if part.pieces)


def names(parts: tuple[Part, ...]) -> frozenset[str]:
    """The variables that a text uses."""
    return frozenset().union(*(part.names for part in parts))


_NESTED: Final = _("A part in [square brackets] cannot contain another one.")
_NOT_OPENED: Final = _("There is a “]” without a “[” before it.")
_NOT_CLOSED: Final = _("A “[” is not closed by a “]”.")
_ALONE: Final = _("A part in [square brackets] needs a variable: it is left out where that is not known.")
_BRACE: Final = _("A “{” or “}” stands alone: write variables as {when}.")


def _piece(token: str) -> str:
    if token in ("{", "}"):
        raise Unreadable(_BRACE)
    if not token.startswith("{"):
        return token
    name = token[1:-1]
    if not _NAME.fullmatch(name):
        problem = _("“{%(name)s}” is no variable: write its name alone, such as {when}.")
        raise Unreadable(problem % {"name": name[:40]})
    return Name(name)


def _part(pieces: list[str], is_optional: bool) -> Part:
    part = Part(tuple(pieces), is_optional)
    if is_optional and not part.names:
        raise Unreadable(_ALONE)
    return part
