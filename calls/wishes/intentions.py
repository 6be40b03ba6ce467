"""What a caller wants: to book, to cancel, to move, to be called back, or only to ask.

Read from structured fields only. Callers who cancel or move must not get a further appointment: a word for either
in any field keeps a machine from booking. A summary or a transcript only makes a person look.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from calls.text import fold
from calls.wishes import intention_words as words
from calls.wishes.answers import affirms, consent, said
from calls.wishes.field_names import CALLER_FIELDS, REQUESTED, WISH_FIELDS, Source, folded_name, numbered

_DEEPEST: Final = 6
_LONGEST: Final = 2_000


class Intention(StrEnum):
    """What a caller may want from a business with appointments."""

    BOOK = "book"
    CANCEL = "cancel"
    MOVE = "move"
    CALL_BACK = "call_back"
    ASK = "ask"


EXISTING: Final = frozenset({Intention.CANCEL, Intention.MOVE})
# Each is read as itself in any field.
_IN_A_WORD: Final = {
    Intention.BOOK: "buchen",
    Intention.CANCEL: "absagen",
    Intention.MOVE: "verschieben",
    Intention.CALL_BACK: "rueckruf",
    Intention.ASK: "frage",
}


@dataclass(frozen=True, slots=True, repr=False)
class Intentions:
    """What the fields say that the caller wants; `words` quotes those that speak of cancelling or moving."""

    stated: frozenset[Intention] = frozenset()
    contradictory: bool = False
    words: str = ""

    @property
    def concern_existing(self) -> bool:
        return bool(self.stated & EXISTING)

    @property
    def only_ask(self) -> bool:
        return Intention.ASK in self.stated and not self.stated & {Intention.BOOK, *EXISTING}


@dataclass(frozen=True, slots=True, repr=False)
class _Said:
    """What one field says. A weak one gives way to cancelling and moving: to move is also to wish an appointment."""

    intentions: frozenset[Intention]
    words: str = ""
    is_weak: bool = False


def intentions_of(sources: Mapping[Source, Mapping[str, object]]) -> Intentions:
    """What the fields of all sources say together, and whether they contradict each other."""
    told = [found for source, values in sources.items() for found in _told(source, values)]
    stated = frozenset[Intention]().union(*(found.intentions for found in told if not found.is_weak))
    weak = frozenset[Intention]().union(*(found.intentions for found in told if found.is_weak))
    if not stated & EXISTING:
        stated |= weak
    meant = stated & {Intention.BOOK, *EXISTING}
    quoted = dict.fromkeys(found.words for found in told if found.words and found.intentions & EXISTING)
    return Intentions(stated, len(meant) > 1, ", ".join(quoted)[:_LONGEST])


def concerns_existing(text: str) -> bool:
    """Whether a text has a word of cancelling or moving."""
    plain = _plain(text)
    return bool(words.MOVE.search(plain) or words.CANCEL.search(plain))


def meaning(key: str, value: object) -> str | None:
    """The caller's intention in a field, in our own words, which may be stored when the caller's may not."""
    told = [found for name, leaf in _leaves(value, folded_name(_apart(key))) for found in _says(name, leaf)]
    strong = frozenset[Intention]().union(*(found.intentions for found in told if not found.is_weak))
    if strong:
        return ", ".join(_IN_A_WORD[intention] for intention in sorted(strong))
    return "x" if told else None


def _told(source: Source, values: Mapping[str, object]) -> Iterator[_Said]:
    for name, value in _leaves(values):
        # The session may contain anything the agent was told, such as the deadline for cancelling.
        if source is not Source.DYNAMIC or numbered(name)[0] in _OF_WISH or _names_intention(name):
            yield from _says(name, value)


def _leaves(value: object, name: str = "", depth: int = _DEEPEST) -> Iterator[tuple[str, object]]:
    """The single values of a source with their folded names; a value in an inner object has both names joined."""
    if isinstance(value, str) and value.lstrip()[:1] in {"[", "{"}:
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if isinstance(value, Mapping) and depth:
        for key, child in value.items():
            yield from _leaves(child, f"{name}_{folded_name(_apart(str(key)))}".strip("_"), depth - 1)
    elif isinstance(value, list) and depth:
        for child in value:
            yield from _leaves(child, name, depth - 1)
    else:
        yield name, value


def _says(name: str, value: object) -> Iterator[_Said]:
    tokens = frozenset(re.sub("[0-9]", "", name).split("_")) - {""}
    text = said(value)[:_LONGEST]
    if words.SUMMARY.search(name) or numbered(name)[0] in _OF_CALLER:
        return
    if numbered(name)[0] in REQUESTED and consent(value):
        yield _Said(frozenset({Intention.BOOK}), is_weak=True)
    if (flag := _flag(tokens)) and affirms(value):
        yield _Said(frozenset({flag}), text if isinstance(value, str) and consent(value) is None else "")
    elif text and tokens & words.NEW and tokens & words.WHEN:
        yield _Said(frozenset({Intention.MOVE}), text)
    elif text and tokens & words.OLD and tokens & {*words.WHEN, "termin", "appointment"}:
        yield _Said(frozenset({Intention.MOVE}), text, is_weak=True)
    if isinstance(value, str) and text:
        found = _stated(text) if _is_for_intention(tokens) else _mentioned(text)
        if found and not flag:
            yield _Said(found, text)


def _stated(text: str) -> frozenset[Intention]:
    """What a field says whose purpose is to say what the caller wants, the strongest first."""
    plain = _plain(text)
    books = bool(words.STATED_BOOK.search(plain))
    if words.STATED_CANCEL.search(plain):
        # To cancel one appointment and book another is to move it.
        moves = words.STATED_MOVE.search(plain) or (books and words.ANOTHER.search(plain))
        return frozenset({Intention.MOVE if moves else Intention.CANCEL})
    if words.STATED_MOVE.search(plain):
        return frozenset({Intention.MOVE})
    found = {Intention.CALL_BACK} if words.STATED_CALL_BACK.search(plain) else set()
    if words.STATED_EXISTING.search(plain):
        return frozenset({*found, Intention.ASK})
    if books:
        return frozenset({*found, Intention.BOOK})
    return frozenset({*found, Intention.ASK} if words.STATED_ASK.search(plain) else found)


def _mentioned(text: str) -> frozenset[Intention]:
    plain = _plain(text)
    if words.MOVE.search(plain):
        return frozenset({Intention.MOVE})
    return frozenset({Intention.CANCEL}) if words.CANCEL.search(plain) else frozenset()


def _flag(tokens: frozenset[str]) -> Intention | None:
    rest = tokens - words.BESIDE - words.FIELD
    if len(rest) != 1:
        return None
    return next((intention for intention, named in _FLAGS.items() if rest <= named), None)


def _is_for_intention(tokens: frozenset[str]) -> bool:
    return bool(tokens & words.FIELD) and tokens <= words.FIELD | words.BESIDE


def _names_intention(name: str) -> bool:
    tokens = frozenset(name.split("_"))
    return _is_for_intention(tokens) or _flag(tokens) is not None


def _plain(text: str) -> str:
    return fold(re.sub(r"[_\-]", " ", _apart(text[:_LONGEST])))


def _apart(text: str) -> str:
    """`cancelAppointment` as two words."""
    return re.sub(r"([a-zäöü])([A-ZÄÖÜ])", r"\1 \2", text)


_FLAGS: Final = {
    Intention.CANCEL: words.NAMED_CANCEL,
    Intention.MOVE: words.NAMED_MOVE,
    Intention.CALL_BACK: words.NAMED_CALL_BACK,
    Intention.BOOK: words.NAMED_BOOK,
}
_OF_CALLER: Final = frozenset(name for part in ("name", "phone", "email") for name in CALLER_FIELDS[part])
_OF_WISH: Final = frozenset(name for names in WISH_FIELDS.values() for name in names)
