"""Moments as they are said aloud, in the caller's language."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from types import ModuleType
from typing import Final

from calls.spoken import english, german

LANGUAGES: Final[dict[str, ModuleType]] = {"de": german, "en": english}


def moment(local: datetime, now: datetime, language: str) -> str:
    """ "am Freitag, dem vierten Dezember, um fünfzehn Uhr dreißig"; both times are of the place where it is said."""
    words = LANGUAGES[language]
    return f"{words.day(local.date(), now.date())}, {words.clock(local)}"


def choice(locals_: Sequence[datetime], now: datetime, language: str) -> str:
    """Several moments in the order of time, day by day: "am …, um neun Uhr oder um zehn Uhr; am …, um elf Uhr"."""
    words = LANGUAGES[language]
    days = []
    for day, group in groupby(sorted(locals_), key=datetime.date):
        clocks = [words.clock(local) for local in group]
        days.append(f"{words.day(day, now.date())}, {alternatives(clocks, language)}")
    return "; ".join(days)


def alternatives(parts: Sequence[str], language: str) -> str:
    """ "a, b oder c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {LANGUAGES[language].OR} {parts[-1]}"


def number(value: int, language: str) -> str:
    return str(LANGUAGES[language].number(value))
