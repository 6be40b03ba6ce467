"""What strangers say about themselves, made fit for mails, SMS and calendars.

Whoever calls, writes or books chooses these texts and whom a mail goes to: a name such as "Ihr Konto ist gesperrt:
https://evil.example" must not become our letter.
"""

import re
import unicodedata
from typing import Final

LONGEST_NAME: Final = 60
MOST_WORDS: Final = 7
_SMALL: Final = """
    af al am auf aus av bin da das de del della den der des di do dos du e el ibn la le les los nach of op t te ten ter
    und van vande vander vom von vor y zu zum zur dr prof med dent st
"""
# What letters in the name of banks and shops say, and what nobody is called.
_SAID_BY_CHEATS: Final = """
    account achtung aufforderung bestätigen bitte click code dein deine dringend gesperrt gewonnen guthaben here hier
    ihr ihre ihren ihrem ist jetzt klick klicken konto kreditkarte link login mahnung passwort password please pin
    rechnung rufen sie sofort tan the überweisen urgent verify warnung wir wurde you your zahlung
"""
_PARTS: Final = frozenset(_SMALL.split())
_NO_NAMES: Final = frozenset(_SAID_BY_CHEATS.split())
_WORD: Final = re.compile(r"['’]?[^\W\d_]+(?:['’-][^\W\d_]+)*[.'’]?")
# A dot that joins letters makes an address of them; that of an abbreviation or a number does not.
_JOINING: Final = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2})")


def plausible_name(text: str) -> str:
    """The name on one line, or nothing when it is none: letters, blanks, hyphen, apostrophe, as names have them."""
    name = one_line(text)
    words = name.split()
    if not 0 < len(name) <= LONGEST_NAME or len(words) > MOST_WORDS:
        return ""
    return name if all(_is_of_a_name(word) for word in words) and any(word[0].isalpha() for word in words) else ""


def quotation(text: str, language: str = "de") -> str:
    """What was said, in quotation marks, on one line, with nothing that a mail program makes a link of."""
    said = unlinked(text)
    if not said:
        return ""
    opening, closing = ("„", "“") if language == "de" else ("“", "”")
    # Nobody ends our quotation marks before we do.
    return opening + re.sub("[„“”]", '"', said) + closing


def unlinked(text: str) -> str:
    """The text on one line; addresses stay legible, and lead nowhere: `https[:]//evil[.]example`, `ole[at]…`."""
    said = one_line(text).replace("://", "[:]//").replace("@", "[at]")
    return _JOINING.sub("[.]", said)


def one_line(text: str) -> str:
    """Without line breaks, controls and what cannot be seen; full-width and look-alike dots are dots."""
    plain = unicodedata.normalize("NFKC", text).replace("。", ".").replace("｡", ".").replace("․", ".")
    seen = (" " if char.isspace() else char for char in plain if char.isspace() or unicodedata.category(char)[0] != "C")
    return " ".join("".join(seen).split())


def _is_of_a_name(word: str) -> bool:
    plain = word.strip(".'’").casefold()
    if plain in _NO_NAMES or not _WORD.fullmatch(word):
        return False
    # A sentence ends in a dot; an initial or a title does, too.
    is_short = len(plain) <= 2 or plain in _PARTS
    return (is_short or not word.endswith(".")) and (plain in _PARTS or not word.lstrip("'’")[:1].islower())
