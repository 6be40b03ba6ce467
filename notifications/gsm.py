"""The alphabet of text messages: what fits, what it costs, and how to stay inside it."""

import unicodedata
from typing import Final

# 3GPP TS 23.038. One character outside of it turns the whole message into UCS-2, with 70 instead of 160 characters.
BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED: Final = frozenset("\f^{}\\[~]|€")

ONE_GSM, PART_GSM = 160, 153
ONE_UCS2, PART_UCS2 = 70, 67

_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys("„“”«»‟″", '"'),
        **dict.fromkeys("‚‘’‹›′`´", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\t\u00a0\u2007\u2009\u200a\u202f\u2002\u2003", " "),
        "…": "...",
        "•": "-",
        "ẞ": "ß",
        "Ł": "L",
        "ł": "l",
        "Đ": "D",
        "đ": "d",
        "ı": "i",
        "œ": "oe",
        "Œ": "OE",
    }
)
# Symbols, modifiers and zero-width characters, such as emoji and their joiners. Letters of other scripts stay.
_DROPPED: Final = frozenset({"So", "Sk", "Cc", "Cf", "Cs", "Cn", "Co", "Mn", "Me"})


def gsm_segments(text: str) -> int:
    """The number of messages that `text` is sent, and charged, as."""
    costs = [1 if char in BASIC else 2 if char in EXTENDED else 0 for char in text]
    if all(costs):
        return _segments(costs, ONE_GSM, PART_GSM)
    return _segments([1 if ord(char) < 0x10000 else 2 for char in text], ONE_UCS2, PART_UCS2)


def is_gsm(text: str) -> bool:
    """Whether every character is in the alphabet."""
    return all(char in BASIC or char in EXTENDED for char in text)


def gsm_text(text: str) -> str:
    """The text in the alphabet as far as that loses no letter: plain quotes and dashes, no emoji, `ş` as `s`."""
    composed = unicodedata.normalize("NFC", text).translate(_PLAIN)
    return "".join(_nearest(char) for char in composed)


def _segments(costs: list[int], whole: int, part: int) -> int:
    if sum(costs) <= whole:
        return 1
    segments, used = 1, 0
    for cost in costs:
        # A pair (escape and character, or surrogates) is never split between two parts.
        if used + cost > part:
            segments, used = segments + 1, 0
        used += cost
    return segments


def _nearest(char: str) -> str:
    if is_gsm(char):
        return char
    decomposed = unicodedata.normalize("NFKD", char)
    letters = "".join(c for c in decomposed if unicodedata.category(c) not in _DROPPED)
    if is_gsm(letters):
        return letters
    return "" if unicodedata.category(char) in _DROPPED else char
