"""How people express a given moment: the words are made from the moment, independently of the reader.

Each function yields pairs: the form, as the report counts it, and the words.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

Said = Iterator[tuple[str, str]]

UNITS = "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split()  # noqa: SIM905 - reads better
TEENS = "dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split()  # noqa: SIM905
TENS = {2: "zwanzig", 3: "dreißig", 4: "vierzig", 5: "fünfzig"}
WEEKDAYS = "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split()  # noqa: SIM905
SHORT = ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"]
MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()  # noqa: SIM905
SHORT_MONTHS = ["Jan", "Feb", "Mrz", "Apr", "Mai", "Jun", "Jul", "Aug", "Sept", "Okt", "Nov", "Dez"]
NTH = ["ersten", "zweiten", "dritten", "vierten", "fünften"]


def counted(number: int) -> str:
    """The number in words, 0 to 59."""
    if number <= 12:
        return UNITS[number]
    if number < 20:
        return TEENS[number - 13]
    ten, unit = divmod(number, 10)
    return (f"{'ein' if unit == 1 else UNITS[unit]}und" if unit else "") + TENS[ten]


def numbered(number: int) -> str:
    """The ordinal number, as after "am": "ersten", "zwanzigsten"."""
    irregular = {1: "ersten", 3: "dritten", 7: "siebten", 8: "achten"}
    return irregular.get(number) or counted(number) + ("ten" if number < 20 else "sten")


def hour_before_uhr(hour: int) -> str:
    return "ein" if hour == 1 else counted(hour)


def full_times(hour: int, minute: int) -> Said:
    """On the 24-hour clock. From one to twelve, some of these may be understood as the other half of the day."""
    yield "16:30", f"{hour:02}:{minute:02}"
    yield "16:30 Uhr", f"{hour:02}:{minute:02} Uhr"
    yield "um 16:30 Uhr.", f"um {hour:02}:{minute:02} Uhr."
    yield "16:30:00", f"{hour:02}:{minute:02}:00"
    yield "16.30 Uhr", f"{hour:02}.{minute:02} Uhr"
    yield "16.30", f"{hour:02}.{minute:02}"
    yield "16.30.", f"{hour:02}.{minute:02}."
    yield "um 16.30.", f"um {hour:02}.{minute:02}."
    yield "16:30 h", f"{hour:02}:{minute:02} h"
    yield "16h30", f"{hour:02}h{minute:02}"
    yield "1630 Uhr", f"{hour:02}{minute:02} Uhr"


def times_in_digits(hour: int, minute: int) -> Said:
    """With a spoken hour, on the 12- or 24-hour clock."""
    yield "4:30", f"{hour}:{minute:02}"
    yield "4:30 Uhr", f"{hour}:{minute:02} Uhr"
    yield "4.30 Uhr", f"{hour}.{minute:02} Uhr"
    yield "um 4.30", f"um {hour}.{minute:02}"
    yield "4,30 Uhr", f"{hour},{minute:02} Uhr"
    yield "4,30", f"{hour},{minute:02}"
    yield "4 Uhr 30", f"{hour} Uhr {minute:02}"
    yield "4 Uhr 5", f"{hour} Uhr {minute}"
    yield "4 Uhr 30 Minuten", f"um {hour} Uhr {minute} Minuten"
    yield "4h30", f"{hour}h{minute:02}"
    yield "4 h 30", f"{hour} h {minute:02}"
    yield "4 30", f"{hour} {minute:02}"
    yield "um 4 30", f"um {hour} {minute:02}"
    yield "4 30 Uhr", f"{hour} {minute:02} Uhr"
    yield "430 Uhr", f"{hour}{minute:02} Uhr"
    yield "gegen 4:30", f"gegen {hour}:{minute:02}"
    if minute == 0:
        yield "4 Uhr", f"{hour} Uhr"
        yield "um 4 Uhr.", f"um {hour} Uhr."
        yield "um 4", f"um {hour}"
        yield "um 4.", f"um {hour}."
        yield "4", f"{hour}"
        yield "4.", f"{hour}."
        yield "4 h", f"{hour} h"
        yield "4h", f"{hour}h"
        yield "Punkt 4 Uhr", f"Punkt {hour} Uhr"
        yield "so 4 Uhr", f"so {hour} Uhr"


def times_in_words(hour: int, minute: int) -> Said:
    said, minutes = hour_before_uhr(hour), counted(minute)
    if minute == 0:
        yield "vier Uhr", f"{said} Uhr"
        yield "um vier", f"um {counted(hour)}"
        yield "vier", counted(hour)
        yield "um vier Uhr bitte", f"um {said} Uhr bitte"
    else:
        yield "vier Uhr dreißig", f"{said} Uhr {minutes}"
        yield "vier Uhr 30", f"{said} Uhr {minute}"
        yield "4 Uhr dreißig", f"{hour} Uhr {minutes}"
        yield "vier dreißig", f"{counted(hour)} {minutes}"
        yield "um vier dreißig", f"um {counted(hour)} {minutes}"
        yield "vier dreißig Uhr", f"{counted(hour)} {minutes} Uhr"
    if 0 < minute < 10:
        yield "vier Uhr null fünf", f"um {said} Uhr null {minutes}"
        yield "vier null fünf", f"{counted(hour)} null {minutes}"


def times_of_the_dial(hour: int, minute: int) -> Said:
    """As on a clock's face, without saying which half of the day is meant."""
    this, following = counted(hour % 12 or 12), counted(hour % 12 + 1)
    digits = hour % 12 + 1
    if minute == 30:
        yield "halb fünf", f"halb {following}"
        yield "halb 5 Uhr", f"um halb {digits} Uhr"
    if minute == 15:
        yield "Viertel nach vier", f"Viertel nach {this}"
        yield "viertel fünf", f"viertel {following}"
    if minute == 45:
        yield "Viertel vor fünf", f"Viertel vor {following}"
        yield "Viertel vor 5 Uhr", f"um Viertel vor {digits} Uhr"
        yield "dreiviertel fünf", f"dreiviertel {following}"
        yield "drei viertel 5", f"drei viertel {digits}"
    if 0 < minute < 30:
        yield "zehn nach vier", f"{counted(minute)} nach {this}"
        yield "5 vor halb fünf", f"{30 - minute} vor halb {following}"
    if 30 < minute < 60:
        yield "zehn vor fünf", f"{counted(60 - minute)} vor {following}"
        yield "zehn Minuten vor 5", f"{60 - minute} Minuten vor {digits}"
        yield "fünf nach halb fünf", f"{counted(minute - 30)} nach halb {following}"
    if minute >= 55:
        yield "kurz vor fünf", f"kurz vor {following}"
    if 0 < minute <= 5:
        yield "kurz nach vier", f"kurz nach {this}"


def parts_of_day(hour: int, minute: int) -> Iterator[str]:
    """The words with which a speaker tells the halves of the day apart at this time."""
    at = hour * 60 + minute
    spans = {"morgens": (300, 600), "früh": (300, 570), "vormittags": (480, 720), "mittags": (690, 870)}
    spans |= {"nachmittags": (780, 1110), "abends": (1080, 1380), "nachts": (1320, 1440)}
    yield from (part for part, (first, last) in spans.items() if first <= at < last)
    if at < 240:
        yield "nachts"


def days(day: date, today: date) -> Said:
    """Every way to name a day that is possible when said today."""
    ahead = (day - today).days
    yield from _relative(day, ahead)
    yield from _by_weekday(day, today)
    yield from _by_week(day, today)
    yield from _by_date(day)
    yield from _by_month(day, today)
    if day.year == today.year:
        yield "15. Januar dieses Jahres", f"am {day.day}. {MONTHS[day.month - 1]} dieses Jahres"
    if day.year == today.year + 1:
        yield "15. Januar nächsten Jahres", f"{day.day}. {MONTHS[day.month - 1]} nächsten Jahres"
        yield "nächstes Jahr am 15.1.", f"nächstes Jahr am {day.day}.{day.month}."


def _relative(day: date, ahead: int) -> Said:
    names = {0: "heute", 1: "morgen", 2: "übermorgen"}
    if ahead in names:
        yield "heute", names[ahead]
        yield "heute, Montag", f"{names[ahead]}, {WEEKDAYS[day.weekday()]}"
        yield "heute, den 26.11.", f"{names[ahead]}, den {day.day}.{day.month}."
    if 1 < ahead <= 59 and ahead != 8:
        yield "in drei Tagen", f"in {counted(ahead)} Tagen"
        yield "in 3 Tagen", f"in {ahead} Tagen"
        yield "heute in 14 Tagen", f"heute in {ahead} Tagen"
        yield "in 3 Tagen, am Montag", f"in {ahead} Tagen, am {WEEKDAYS[day.weekday()]}"
    if ahead - 1 in {7, 14, 21}:
        yield "morgen in einer Woche", f"morgen in {_weeks((ahead - 1) // 7)}"
    if ahead in {7, 14, 21, 28}:
        yield "in zwei Wochen", f"in {_weeks(ahead // 7)}"
        yield "heute in zwei Wochen", f"heute in {_weeks(ahead // 7)}."


def _weeks(count: int) -> str:
    return "einer Woche" if count == 1 else f"{counted(count)} Wochen"


def _by_weekday(day: date, today: date) -> Said:
    name, ahead = WEEKDAYS[day.weekday()], (day - today).days
    if 1 <= ahead <= 7:
        yield "Montag", name
        yield "am Montag.", f"am {name}."
        yield "diesen Montag", f"diesen {name}"
        yield "kommenden Montag", f"am kommenden {name}"
        yield "nächsten Montag", f"nächsten {name}"
        yield "Mo", SHORT[day.weekday()]
        yield "Mo.", f"{SHORT[day.weekday()]}."
        yield "nächsten Mo.", f"nächsten {SHORT[day.weekday()]}."
    weeks, days = divmod(ahead, 7)
    # On that weekday itself it could mean two days, so it is not said.
    if 1 <= weeks <= 4 and days:
        yield "Montag in einer Woche", f"{name} in {_weeks(weeks)}"
        yield "Montag in 14 Tagen", f"am {name} in {weeks * 7} Tagen"
    if weeks == 1 and days:
        yield "Montag in acht Tagen", f"{name} in acht Tagen"


def _by_week(day: date, today: date) -> Said:
    name = WEEKDAYS[day.weekday()]
    weeks = (day - timedelta(day.weekday()) - today + timedelta(today.weekday())).days // 7
    words = {0: "diese Woche", 1: "nächste Woche", 2: "übernächste Woche"}
    if weeks in words:
        yield "nächste Woche Montag", f"{words[weeks]} {name}"
        yield "Montag nächste Woche", f"{name} {words[weeks]}"
        yield "Montag nächster Woche", f"am {name} {words[weeks].replace('e W', 'er W')}"
        yield "Montag in der nächsten Woche", f"{name} in {words[weeks].replace('e W', 'er W')}"
    if weeks in {1, 2, 3}:
        yield "in zwei Wochen am Montag", f"in {_weeks(weeks)} am {name}"
    week = day.isocalendar().week
    yield "Montag KW 49", f"{name} KW {week}"
    yield "KW49, Mo", f"KW{week}, {SHORT[day.weekday()]}"
    yield "Montag in der 49. Kalenderwoche", f"{name} in der {week}. Kalenderwoche"


def _by_date(day: date) -> Said:
    month, short, name = MONTHS[day.month - 1], SHORT_MONTHS[day.month - 1], WEEKDAYS[day.weekday()]
    written = {
        "26.11.": f"{day.day}.{day.month}.",
        "26.11": f"{day.day}.{day.month:02}",
        "26. 11.": f"{day.day}. {day.month}.",
        "26. November": f"{day.day}. {month}",
        "26 November": f"{day.day} {month}",
        "26ten November": f"{day.day}ten {month}",
        "26. Nov.": f"{day.day}. {short}.",
        "sechsundzwanzigsten November": f"{numbered(day.day)} {month}",
        "sechsundzwanzigsten Elften": f"{numbered(day.day)} {numbered(day.month).title()}",
    }
    dated = {
        "26.11.2026": f"{day.day}.{day.month}.{day.year}",
        "26.11.2026.": f"{day:%d.%m.%Y}.",
        "26.11.26": f"{day:%d.%m.%y}",
        "26. 11. 2026": f"{day.day}. {day.month}. {day.year}",
        "26. November 2026": f"{day.day}. {month} {day.year}",
        "26. Nov. 2026": f"{day.day}. {short}. {day.year}",
        "26. November zweitausendsechsundzwanzig": f"{day.day}. {month} zweitausend{counted(day.year % 100)}",
    }
    for form, words in (written | dated).items():
        yield form, words
        yield f"am {form}", f"am {words}"
        yield f"Do, {form}", f"{SHORT[day.weekday()]}, {words}"
        yield f"Do., den {form}", f"{SHORT[day.weekday()]}., den {words}"
        yield f"Donnerstag {form}", f"{name} {words}"
        yield f"am Donnerstag, den {form}", f"am {name}, den {words}"
    yield "2026-11-26", day.isoformat()
    yield "2026-11-26T00:00:00", f"{day.isoformat()}T00:00:00"
    yield "Donnerstag, 2026-11-26", f"{name}, {day.isoformat()}"


def _by_month(day: date, today: date) -> Said:
    name, nth = WEEKDAYS[day.weekday()], (day.day - 1) // 7
    months = (day.year - today.year) * 12 + day.month - today.month
    places = [NTH[nth]] + (["letzten"] if day.day > monthrange(day.year, day.month)[1] - 7 else [])
    for place in places:
        yield "ersten Montag im Dezember", f"am {place} {name} im {MONTHS[day.month - 1]}"
        yield "ersten Montag im Dezember 2026", f"{place} {name} im {MONTHS[day.month - 1]} {day.year}"
        if months == 0:
            yield "letzten Montag im Monat", f"am {place} {name} im Monat"
        if months == 1:
            yield "ersten Montag nächsten Monats", f"am {place} {name} des nächsten Monats"
    if months in {0, 1}:
        words = ("dieses", "nächsten")[months]
        yield "am 5. nächsten Monats", f"am {day.day}. {words} Monats"
        yield "Montag, den 5. nächsten Monats", f"{name}, den {day.day}. {words} Monats"
    if 0 <= (day - today).days < 28:
        yield "Donnerstag, den 26.", f"{name}, den {day.day}."
        yield "Do den 26", f"{SHORT[day.weekday()]} den {day.day}"
        yield "Donnerstag, den sechsundzwanzigsten", f"{name}, den {numbered(day.day)}"
