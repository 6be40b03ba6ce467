"""Compares words as German ears hear them."""

import re
import unicodedata
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_UMLAUT: Final = re.compile("([aou])e")
_APOSTROPHES: Final = {ord(each): None for each in "'’`´"}
# Letters of other languages that are no letter with an accent.
_LETTERS: Final = str.maketrans("ıøłđðþ", "iolddt", "") | {ord("æ"): "ae", ord("œ"): "oe"}
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def fold(text: str) -> str:
    """The text as German ears hear it: no case, ä as ae, ß as ss, no other accents, single blanks.

    `Müller`, `MUELLER` and a decomposed `Mu\u0308ller` fold to the same string.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS)
    letters = (c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    return " ".join("".join(letters).split())


def name_parts(name: str) -> tuple[str, ...]:
    """The words of a name as they are searched: without titles, accents and case, and without the e of an umlaut.

    `Dr. Größler`, `Groessler` and `GROSSLER` are one word, so are `Yılmaz` and `Yilmaz`. What begins a name, begins its
    words.
    """
    words = _WORD.findall(fold(name.translate(_APOSTROPHES)).translate(_LETTERS))
    # What is nothing but a title may be the beginning of a name: Ing of Ingrid.
    own = [word for word in words if word not in _TITLES] or words
    return tuple(dict.fromkeys(_UMLAUT.sub(r"\1", word) for word in own))


def word_set(words: str) -> frozenset[str]:
    """The words of a line, which is easier to read in code than a list."""
    return frozenset(words.split())


_TITLES: Final = word_set("dr prof professor doktor dipl ing med dent jur phil mag herr frau mr mrs ms")
