"""Days, times and numbers in spoken German."""

from datetime import date, datetime
from typing import Final

WEEKDAYS: Final = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
MONTHS: Final = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli"),
    *("August", "September", "Oktober", "November", "Dezember"),
)
_SMALL: Final = (
    *("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"),
    *("dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"),
)
_TENS: Final = ("", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
_IRREGULAR: Final = {1: "ersten", 3: "dritten", 7: "siebten", 8: "achten"}
OR: Final = "oder"


def number(value: int) -> str:
    """0 to 999 in words; larger numbers in digits."""
    if not 0 <= value < 1000:
        return str(value)
    hundreds, rest = divmod(value, 100)
    head = ("ein" if hundreds == 1 else _SMALL[hundreds]) + "hundert" if hundreds else ""
    return head + (_below_hundred(rest) if rest or not hundreds else "")


def day(day: date, today: date) -> str:
    """ "am Freitag, dem vierten Dezember"; the year too if it is another than today's."""
    words = f"am {WEEKDAYS[day.weekday()]}, dem {_ordinal(day.day)} {MONTHS[day.month - 1]}"
    return words if day.year == today.year else f"{words} {_year(day.year)}"


def clock(local: datetime) -> str:
    """ "um fünfzehn Uhr dreißig"."""
    hour = "ein" if local.hour == 1 else number(local.hour)
    return f"um {hour} Uhr {number(local.minute)}" if local.minute else f"um {hour} Uhr"


def _below_hundred(value: int) -> str:
    if value < len(_SMALL):
        return _SMALL[value]
    tens, unit = divmod(value, 10)
    if not unit:
        return _TENS[tens]
    return f"{'ein' if unit == 1 else _SMALL[unit]}und{_TENS[tens]}"


def _ordinal(value: int) -> str:
    return _IRREGULAR.get(value) or number(value) + ("ten" if value < 20 else "sten")


def _year(value: int) -> str:
    return f"zweitausend{number(value - 2000) if value > 2000 else ''}" if 2000 <= value < 2100 else str(value)
