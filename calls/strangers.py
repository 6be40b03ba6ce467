"""What strangers say about themselves, made fit for mails, SMS and calendars.

Anyone who calls, writes or books chooses these texts and the recipient of a mail: a name such as "Ihr Konto ist
gesperrt: https://evil.example" must not become a mail from us.
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
# Words of phishing mails in the name of banks and shops, and of no person's name.
_SAID_BY_CHEATS: Final = """
    account achtung aufforderung bestätigen bitte click code dein deine dringend gesperrt gewonnen guthaben here hier
    ihr ihre ihren ihrem ist jetzt klick klicken konto kreditkarte link login mahnung passwort password please pin
    rechnung rufen sie sofort tan the überweisen urgent verify warnung wir wurde you your zahlung
"""
_PARTS: Final = frozenset(_SMALL.split())
_NO_NAMES: Final = frozenset(_SAID_BY_CHEATS.split())
_WORD: Final = re.compile(r"['’]?[^\W\d_]+(?:['’-][^\W\d_]+)*[.'’]?")
# A dot between letters makes them an address; a dot of an abbreviation or a number does not.
_JOINING: Final = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2})")


def plausible_name(text: str) -> str:
    """The name on one line; empty unless it has only the letters, blanks, hyphens and apostrophes of a name."""
    name = one_line(text)
    words = name.split()
    if not 0 < len(name) <= LONGEST_NAME or len(words) > MOST_WORDS:
        return ""
    return name if all(_is_of_a_name(word) for word in words) and any(word[0].isalpha() for word in words) else ""


def quotation(text: str, language: str = "de") -> str:
    """What was said, in quotation marks, on one line, with nothing that a mail program turns into a link."""
    said = unlinked(text)
    if not said:
        return ""
    opening, closing = ("„", "“") if language == "de" else ("“", "”")
    # The quoted text must not close our quotation marks.
    return opening + re.sub("[„“”]", '"', said) + closing


def unlinked(text: str) -> str:
    """The text on one line; addresses stay legible but are no links: `https[:]//evil[.]example`, `ole[at]…`."""
    said = one_line(text).replace("://", "[:]//").replace("@", "[at]")
    return _JOINING.sub("[.]", said)


def one_line(text: str) -> str:
    """The text without line breaks, control and invisible characters; full-width and look-alike dots become dots."""
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
