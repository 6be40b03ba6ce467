"""Compares words as German ears hear them."""

import unicodedata
from typing import Final

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def fold(text: str) -> str:
    """The text as German ears hear it: no case, ä as ae, ß as ss, no other accents, single blanks.

    `Müller`, `MUELLER` and a decomposed `Mu\u0308ller` fold to the same string.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS)
    letters = (c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    return " ".join("".join(letters).split())


def word_set(words: str) -> frozenset[str]:
    """The words of a line, which is easier to read in code than a list."""
    return frozenset(words.split())
