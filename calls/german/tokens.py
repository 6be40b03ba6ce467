"""German text as words and numbers, each of one kind."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from calls.german.words import ARTICLES, CARDINALS, DAYS_FROM_TODAY, MONTHS, NEXT, ORDINALS, THIS, WEEKDAYS, WINDOWS
from calls.text import fold


class Kind(StrEnum):
    ISO = "iso"  # 2025-11-20, 2025-11-20t16:00:00+01:00
    DATE = "date"  # 20.11.2025, 20.11.25
    PAIR = "pair"  # 20.11., 20.11, 16.30: a date or a time, the neighbours tell
    CLOCK = "clock"  # 16:30
    COMMA = "comma"  # 16,30
    HOURS = "hours"  # 16h, 16h30
    ORDINAL = "ordinal"  # 20., 20ten
    NUMBER = "number"
    WORD = "word"
    DASH = "dash"
    PAUSE = "pause"  # punctuation that only separates
    FIELD = "field"  # between the field for the day and the field for the time
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    in_time_field: bool = False


# "20.11. 16 Uhr" contains no year: two digits are a year only if nothing is between them and the month.
_LEXICON: Final = re.compile(
    r"""
      (?P<iso>     [0-9]{4}-[0-9]{2}-[0-9]{2}
                   (?:[t ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:z|[+-][0-9]{2}:?[0-9]{2})?)?
                   (?![0-9:]) )
    | (?P<date>    [0-9]{1,2}\.[ ]?[0-9]{1,2}\.(?:[ ]?[0-9]{4}|[0-9]{2})\.?(?![0-9.:]) )
    | (?P<pair>    [0-9]{1,2}\.[0-9]{1,2}\.?(?![0-9]) | [0-9]{1,2}\.[ ][0-9]{1,2}\.(?![0-9]) )
    | (?P<clock>   [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?![0-9:]) )
    | (?P<comma>   [0-9]{1,2},[0-9]{2}(?![0-9:,]|\.[0-9]) )
    | (?P<hours>   [0-9]{1,2}[ ]?h(?:[ ]?[0-9]{2})?(?![0-9a-z]|\.[0-9]) | [0-9]{1,2}[ ]?h(?![0-9a-z]) )
    | (?P<ordinal> [0-9]{1,2}(?:\.|s?te[nrsm]?(?![a-z]))(?![0-9]) )
    | (?P<number>  [0-9]+ )
    | (?P<word>    [a-z]+ )
    | (?P<dash>    [-\u2013\u2014] )
    | (?P<pause>   [,;.!?()"'] )
    | (?P<other>   [^ ] )
    """,
    re.VERBOSE,
)
_DAY_WORDS: Final = WEEKDAYS.keys() | MONTHS.keys() | DAYS_FROM_TODAY.keys() | ORDINALS.keys()
_BEFORE_NUMBERS: Final = frozenset({"uhr", "um", "gegen", "punkt", "halb", "viertel", "dreiviertel", "vor", "nach"})
_FIELD: Final = Token(Kind.FIELD, "|")


def tokenise(day_field: str, time_field: str) -> list[Token]:
    """Both fields as one list of tokens, so that a day or a time is found in either field."""
    days, times = (_with_sundays(_tokens(*field)) for field in ((day_field, False), (time_field, True)))
    return [*days, _FIELD, *_without_stops(times)]


def word(tokens: Sequence[Token], at: int) -> str:
    """The word at this place; empty if there is no token, or one of another kind."""
    return tokens[at].text if 0 <= at < len(tokens) and tokens[at].kind is Kind.WORD else ""


def number(tokens: Sequence[Token], at: int) -> int | None:
    """The number of one or two digits, or the number word, at this place."""
    if 0 <= at < len(tokens) and tokens[at].kind is Kind.NUMBER:
        return int(tokens[at].text) if len(tokens[at].text) <= 2 else None
    return CARDINALS.get(word(tokens, at))


def ordinal(tokens: Sequence[Token], at: int) -> int | None:
    if 0 <= at < len(tokens) and tokens[at].kind is Kind.ORDINAL:
        return int(tokens[at].text.rstrip(".enrstm"))
    return ORDINALS.get(word(tokens, at))


def year(tokens: Sequence[Token], at: int) -> int | None:
    """A year in four digits ("1430 Uhr" is none), or spoken ("zweitausendsechsundzwanzig")."""
    if word(tokens, at + 1) == "uhr":
        return None
    if 0 <= at < len(tokens) and tokens[at].kind is Kind.NUMBER and len(tokens[at].text) == 4:
        return int(tokens[at].text)
    spoken = word(tokens, at)
    if spoken.startswith("zweitausend"):
        rest = CARDINALS.get(spoken.removeprefix("zweitausend").removeprefix("und"))
        return 2000 + rest if rest is not None else None
    return None


def _tokens(field: str, in_time_field: bool) -> list[Token]:
    tokens = []
    for match in _LEXICON.finditer(fold(field)):
        kind = Kind(match.lastgroup or Kind.OTHER)
        for text in _parted(match[0]) if kind is Kind.WORD else (match[0],):
            tokens.append(Token(kind, text, in_time_field))
    return tokens


def _without_stops(times: list[Token]) -> list[Token]:
    """ "16 Uhr 30.": if no day is said, a full stop after the number of an hour or a minute ends a sentence."""
    if any(token.kind in {Kind.ISO, Kind.DATE, Kind.PAIR} or token.text in _DAY_WORDS for token in times):
        return times
    return [
        replace(token, kind=Kind.NUMBER, text=token.text.removesuffix(".")) if _ends_a_time(times, at) else token
        for at, token in enumerate(times)
    ]


def _ends_a_time(times: Sequence[Token], at: int) -> bool:
    written = times[at].kind is Kind.ORDINAL and times[at].text.endswith(".")
    return written and (number(times, at - 1) is not None or word(times, at - 1) in _BEFORE_NUMBERS)


def _with_sundays(tokens: list[Token]) -> list[Token]:
    return [replace(token, text="sonntag") if _is_sunday(tokens, at) else token for at, token in enumerate(tokens)]


def _is_sunday(tokens: Sequence[Token], at: int) -> bool:
    """Whether "so" means Sunday: "am So", with a full stop, before a date, or alone in the field for the day."""
    if word(tokens, at) != "so":
        return False
    if word(tokens, at - 1) in THIS | NEXT | {"am"}:
        return True
    after = at + 1
    if after < len(tokens) and tokens[after].kind is Kind.PAUSE:
        if tokens[after].text == ".":
            return True
        after += 1
    if after == len(tokens):
        return not tokens[at].in_time_field
    if word(tokens, after) in ARTICLES:
        after += 1
    return after < len(tokens) and (
        tokens[after].kind in {Kind.DATE, Kind.PAIR, Kind.ISO}
        or ordinal(tokens, after) is not None
        or word(tokens, after + 1) in MONTHS
    )


def _parted(text: str) -> tuple[str, ...]:
    """ "freitagnachmittag" is two words."""
    for weekday in WEEKDAYS:
        rest = text.removeprefix(weekday)
        if len(weekday) > 2 and rest != text and (rest in WINDOWS or rest == "morgen"):
            return weekday, "morgens" if rest == "morgen" else rest
    return (text,)
