"""Days and times as people say them on the phone."""

from datetime import date, datetime

WEEKDAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)


def day(moment: date) -> str:
    """`Donnerstag, den 3. Dezember`"""
    return f"{WEEKDAYS[moment.weekday()]}, den {moment.day}. {MONTHS[moment.month - 1]}"


def clock(moment: datetime) -> str:
    """`14 Uhr` or `14 Uhr 30`"""
    return f"{moment.hour} Uhr {moment.minute}" if moment.minute else f"{moment.hour} Uhr"
