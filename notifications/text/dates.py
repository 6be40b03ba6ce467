"""Dates and times as people write them, in German and English, without the machine's locale."""

from datetime import datetime
from typing import Final

from calls.models.company import Language

WEEKDAYS: Final = {
    Language.GERMAN: ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    Language.ENGLISH: ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
NEAR: Final = {
    Language.GERMAN: {0: "heute", 1: "morgen"},
    Language.ENGLISH: {0: "today", 1: "tomorrow"},
}
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def date(local: datetime, language: Language) -> str:
    """`Donnerstag, 20.11.2025` or `Thursday, 20 November 2025`; never "tomorrow", which is wrong a day later."""
    weekday = WEEKDAYS[language][local.weekday()]
    if language == Language.GERMAN:
        return f"{weekday}, {local:%d.%m.%Y}"
    return f"{weekday}, {local.day} {MONTHS[local.month - 1]} {local.year}"


def near(local: datetime, now: datetime, language: Language) -> str:
    """`heute`, `morgen` or nothing, by the calendar of both, which is that of the place.

    It is true only today, so the date always stands beside it.
    """
    return NEAR[language].get((local.date() - now.date()).days, "")


def clock(local: datetime, language: Language) -> str:
    """`16:00 Uhr` or `16:00`."""
    return f"{local:%H:%M} Uhr" if language == Language.GERMAN else f"{local:%H:%M}"


def moment(local: datetime, language: Language) -> str:
    """Date and time for a mail."""
    return f"{date(local, language)}, {clock(local, language)}"


def short_moment(local: datetime, language: Language) -> str:
    """Date and time for an SMS: `Do 20.11.2025, 16:00 Uhr` or `Thu 20 Nov 2025, 16:00`."""
    weekday = WEEKDAYS[language][local.weekday()]
    if language == Language.GERMAN:
        return f"{weekday[:2]} {local:%d.%m.%Y}, {clock(local, language)}"
    return f"{weekday[:3]} {local.day} {MONTHS[local.month - 1][:3]} {local.year}, {clock(local, language)}"
