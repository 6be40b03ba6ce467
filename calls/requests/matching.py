"""Finds which service, member of staff or branch a caller's words name."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from calls.text import fold

THRESHOLD: Final = 0.85
"""The least similarity of a fuzzy match: one wrong letter in seven."""

_SHORTEST_FUZZY: Final = 5
_LONGEST_NAME: Final = 120
_TITLES: Final = frozenset({"frau", "herr", "herrn", "bei", "zu", "der", "die", "dr", "prof", "doktor"})


class Named(Protocol):
    """A row with an id and the names that people use for it: a service, a member of staff."""

    @property
    def id(self) -> int: ...

    @property
    def names(self) -> Sequence[str]: ...


N = TypeVar("N", bound=Named)


@dataclass(frozen=True, slots=True)
class Candidate:
    id: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    id: int
    likeness: float


@dataclass(frozen=True, slots=True)
class NoMatch:
    words: str


@dataclass(frozen=True, slots=True)
class AmbiguousMatch:
    words: str
    ids: tuple[int, ...]


Result = Match | NoMatch | AmbiguousMatch


def match_service(words: str, services: Iterable[Named]) -> Result:
    """The one service that the words name: by equal name or synonym, else by one that sounds nearly alike.

    Case, umlauts, hyphens and blanks do not matter, numbers do: "Massage 30" is never "Massage 60". There is
    no default: no match and several matches are separate results.
    """
    said = _key(words)
    keyed = [(service.id, [_key(name) for name in service.names]) for service in services]
    return _equal(words, said, keyed) or _alike(words, said, keyed)


def match_staff(words: str, staff: Iterable[Named]) -> Result:
    """The one person whom the words name: full name in any order, else first or last name, else nearly so."""
    parts = [part for part in _parts(words) if part not in _TITLES]
    people = [(person.id, list(person.names)) for person in staff]
    full = [(id_, ["".join(sorted(_parts(name))) for name in names]) for id_, names in people]
    partly = [(id_, [part for name in names for part in _single_names(name)]) for id_, names in people]
    whole, single = "".join(sorted(parts)), "".join(parts)
    return (
        _equal(words, whole, full)
        or _equal(words, single, partly)
        or _alike(words, single if len(parts) == 1 else whole, partly if len(parts) == 1 else full)
    )


def the_one(found: Result, among: Iterable[N]) -> N | None:
    """The row that was found; None if there was no match or several."""
    return next((each for each in among if each.id == found.id), None) if isinstance(found, Match) else None


_Keyed = Sequence[tuple[int, Sequence[str]]]


def _equal(words: str, said: str, keyed: _Keyed) -> Match | AmbiguousMatch | None:
    ids = tuple(id_ for id_, keys in keyed if said and said in keys)
    if not ids:
        return None
    return Match(ids[0], 1.0) if len(ids) == 1 else AmbiguousMatch(words, ids)


def _alike(words: str, said: str, keyed: _Keyed) -> Result:
    likeness = {id_: max((_likeness(said, key) for key in keys), default=0.0) for id_, keys in keyed}
    hits = {id_: ratio for id_, ratio in likeness.items() if ratio >= THRESHOLD}
    if len(hits) == 1:
        return Match(*hits.popitem())
    return AmbiguousMatch(words, tuple(hits)) if hits else NoMatch(words)


def _likeness(said: str, key: str) -> float:
    """One minus the edits per letter; zero for short words, and if the numbers in them differ."""
    longest = max(len(said), len(key))
    if min(len(said), len(key)) < _SHORTEST_FUZZY or _digits(said) != _digits(key):
        return 0.0
    if abs(len(said) - len(key)) > longest * (1 - THRESHOLD):
        return 0.0
    return 1 - _edits(said, key) / longest


def _edits(left: str, right: str) -> int:
    """Levenshtein's distance."""
    above = list(range(len(right) + 1))
    for row, a in enumerate(left, start=1):
        current = [row]
        for column, b in enumerate(right, start=1):
            current.append(min(above[column] + 1, current[-1] + 1, above[column - 1] + (a != b)))
        above = current
    return above[-1]


def _key(name: str) -> str:
    return "".join(_parts(name))


def _parts(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", fold(name[:_LONGEST_NAME]))


def _single_names(name: str) -> set[str]:
    """First and last names; a double name as a whole and each half of it."""
    return {_key(single) for single in name[:_LONGEST_NAME].split()} | set(_parts(name))


def _digits(key: str) -> str:
    return "".join(c if c.isdigit() else " " for c in key).strip()
