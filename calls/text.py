import re
import unicodedata

# PostgreSQL stores no NUL, a lone surrogate cannot be encoded, the other controls only spoil a page.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def clean(text: str, limit: int) -> str:
    """The text without characters that cannot be stored, without outer blanks, cut to `limit` characters."""
    return _UNSTORABLE.sub("", text[: limit * 2]).strip()[:limit].rstrip()


def fold(text: str) -> str:
    """The text as German ears hear it: no case, ä as ae, ß as ss, no other accents, single blanks.

    `Müller`, `MUELLER` and a decomposed `Mu\u0308ller` fold to the same string.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS)
    letters = (c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    return " ".join("".join(letters).split())


def word_set(words: str) -> frozenset[str]:
    """The words of a line that is easier to read than a list."""
    return frozenset(words.split())
