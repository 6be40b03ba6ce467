"""The German vocabulary of days and times, folded as calls.text.fold does it."""

from typing import Final

_UNITS: Final = ("ein", "zwei", "drei", "vier", "fuenf", "sechs", "sieben", "acht", "neun")
_TEENS: Final = (
    "zehn", "elf", "zwoelf", "dreizehn", "vierzehn",
    "fuenfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
)  # fmt: skip
_TENS: Final = {20: "zwanzig", 30: "dreissig", 40: "vierzig", 50: "fuenfzig"}


def _cardinals() -> dict[str, int]:
    words = {"null": 0, "eins": 1, "ein": 1, "zwo": 2}
    words.update({unit: n for n, unit in enumerate(_UNITS, start=1)})
    words.update({teen: n for n, teen in enumerate(_TEENS, start=10)})
    for ten, name in _TENS.items():
        words[name] = ten
        words.update({f"{unit}und{name}": ten + n for n, unit in enumerate(_UNITS, start=1)})
    return words


CARDINALS: Final = _cardinals()
"""Number words 0 to 59: hours and minutes."""


def _ordinals() -> dict[str, int]:
    irregular = {"erst": 1, "dritt": 3, "siebt": 7, "siebent": 7, "acht": 8}
    stems = dict(irregular)
    for word, number in CARDINALS.items():
        if number not in {0, 1, 3, 7, 8} and number <= 31 and word != "zwo":
            stems[word + ("t" if number < 20 else "st")] = number
    return {stem + ending: number for stem, number in stems.items() for ending in ("e", "en", "er", "es", "em")}


ORDINALS: Final = _ordinals()
"""Ordinal words first to thirty-first with every ending: `ersten`, `fuenfzehnter`."""

MONTHS: Final = {
    "januar": 1, "jaenner": 1, "jan": 1, "februar": 2, "feber": 2, "feb": 2, "maerz": 3, "mrz": 3,
    "april": 4, "apr": 4, "mai": 5, "juni": 6, "juno": 6, "jun": 6, "juli": 7, "jul": 7,
    "august": 8, "aug": 8, "september": 9, "sept": 9, "sep": 9, "oktober": 10, "okt": 10,
    "november": 11, "nov": 11, "dezember": 12, "dez": 12,
}  # fmt: skip

# calls.german.tokens decides when "so" is a Sunday, since callers also say "so gegen zwei".
WEEKDAYS: Final = {
    "montag": 0, "mo": 0, "dienstag": 1, "di": 1, "mittwoch": 2, "mi": 2, "donnerstag": 3, "do": 3,
    "freitag": 4, "fr": 4, "samstag": 5, "sonnabend": 5, "sa": 5, "sonntag": 6,
}  # fmt: skip

DAYS_FROM_TODAY: Final = {"vorgestern": -2, "gestern": -1, "heute": 0, "morgen": 1, "uebermorgen": 2}


def _declined(*stems: str) -> frozenset[str]:
    return frozenset(stem + ending for stem in stems for ending in ("e", "en", "er", "em", "es"))


THIS: Final = _declined("dies")
NEXT: Final = _declined("naechst", "kommend")
AFTER_NEXT: Final = _declined("uebernaechst")
LAST: Final = _declined("letzt")
ONE: Final = _declined("ein") | {"ein"}
ARTICLES: Final = frozenset({"am", "den", "dem", "der"})
"""What stands before a day, never before an hour."""

DAYS: Final = frozenset({"tag", "tage", "tagen"})
WEEKS: Final = frozenset({"woche", "wochen"})
MONTH: Final = frozenset({"monat", "monats"})
YEAR: Final = frozenset({"jahr", "jahres"})
MINUTES: Final = frozenset({"minute", "minuten", "min"})

VAGUE_SPANS: Final = frozenset({"woche", "wochen", "wochenende", "wochenanfang", "wochenmitte", "kw", "kalenderwoche"})

APPROXIMATE: Final = frozenset({"gegen", "circa", "zirka", "ca", "ungefaehr", "etwa", "rund", "so", "kurz"})
"""The speaker means about this time: the time said must then be a full one."""

BOUNDS: Final = frozenset(
    {
        "ab",
        "bis",
        "vor",
        "nach",
        "von",
        "zwischen",
        "spaetestens",
        "fruehestens",
        "egal",
        "jederzeit",
        "flexibel",
    }
)
"""The time said is an edge of a span, not a start."""

FILLERS: Final = frozenset(
    {"am", "um", "an", "den", "dem", "der", "des", "die", "das", "im", "zu", "bitte", "gern", "gerne", "genau"}
    | {"punkt", "dann", "also", "termin", "datum", "uhrzeit"}
)
"""Words that do not change the day or the time."""

IN_BEFORE: Final = ARTICLES | THIS | NEXT | AFTER_NEXT | {"kw", "kalenderwoche"}
"""Words that may follow "in" without making it a span of time ("in zwei Stunden")."""

Span = tuple[int, int]
"""Minutes since midnight, the end excluded."""

_MORNING: Final[tuple[Span, ...]] = ((3 * 60, 12 * 60),)
_FORENOON: Final[tuple[Span, ...]] = ((6 * 60, 12 * 60),)
_NOON: Final[tuple[Span, ...]] = ((11 * 60, 15 * 60),)
_AFTERNOON: Final[tuple[Span, ...]] = ((12 * 60, 19 * 60),)
_EVENING: Final[tuple[Span, ...]] = ((17 * 60, 24 * 60),)
# Not the hour after midnight: "Freitag, 12 Uhr nachts" may belong to either day.
_NIGHT: Final[tuple[Span, ...]] = ((20 * 60, 24 * 60), (1 * 60, 6 * 60))
# "Freitag Nacht um zwei" is on Saturday for most, on Friday for some.
_THIS_NIGHT: Final[tuple[Span, ...]] = ((20 * 60, 24 * 60),)
_ANY: Final[tuple[Span, ...]] = ((0, 24 * 60),)

WINDOWS: Final[dict[str, tuple[Span, ...]]] = {
    "morgens": _MORNING, "frueh": _MORNING, "fruehmorgens": _MORNING, "fruehs": _MORNING,
    "vormittag": _FORENOON, "vormittags": _FORENOON, "mittag": _NOON, "mittags": _NOON,
    "nachmittag": _AFTERNOON, "nachmittags": _AFTERNOON, "spaetnachmittag": _AFTERNOON,
    "abend": _EVENING, "abends": _EVENING, "nacht": _THIS_NIGHT, "nachts": _NIGHT,
    "spaet": _ANY, "spaeten": _ANY, "fruehen": _ANY, "tagsueber": _ANY, "ganztags": _ANY,
}  # fmt: skip
"""Times of day: a window to look into, and what makes "um vier nachmittags" 16:00."""
