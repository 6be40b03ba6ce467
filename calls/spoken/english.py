"""Days, times and numbers in spoken English."""

from datetime import date, datetime
from typing import Final

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_SMALL: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_IRREGULAR: Final = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
    "twenty": "twentieth",
    "thirty": "thirtieth",
}
OR: Final = "or"


def number(value: int) -> str:
    """0 to 999 in words; larger numbers in digits."""
    if not 0 <= value < 1000:
        return str(value)
    hundreds, rest = divmod(value, 100)
    head = f"{_SMALL[hundreds]} hundred" if hundreds else ""
    return " ".join(filter(None, [head, _below_hundred(rest) if rest or not hundreds else ""]))


def day(day: date, today: date) -> str:
    """ "on Friday, the fourth of December"; the year too if it is another than today's."""
    words = f"on {WEEKDAYS[day.weekday()]}, the {_ordinal(day.day)} of {MONTHS[day.month - 1]}"
    return words if day.year == today.year else f"{words} {_year(day.year)}"


def clock(local: datetime) -> str:
    """ "at three thirty p.m."; "at noon" and "at midnight" on the hour."""
    if local.hour % 12 == 0 and not local.minute:
        return "at noon" if local.hour else "at midnight"
    minutes = "" if not local.minute else f"oh {_SMALL[local.minute]}" if local.minute < 10 else number(local.minute)
    half = "a.m." if local.hour < 12 else "p.m."
    return " ".join(filter(None, ["at", number(local.hour % 12 or 12), minutes, half]))


def _below_hundred(value: int) -> str:
    if value < len(_SMALL):
        return _SMALL[value]
    tens, unit = divmod(value, 10)
    return f"{_TENS[tens]}-{_SMALL[unit]}" if unit else _TENS[tens]


def _ordinal(value: int) -> str:
    head, dash, last = number(value).rpartition("-")
    return head + dash + _IRREGULAR.get(last, f"{last}th")


def _year(value: int) -> str:
    return f"twenty {number(value - 2000)}" if 2010 <= value < 2100 else str(value)
