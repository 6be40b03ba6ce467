"""What only a person can decide is asked about, whatever words are around it."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest

from calls.german.moment import Moment
from calls.german.time import parse_wish
from tests.calls.german import speaker
from tests.calls.german.asked import NINE_TO_SIX
from tests.calls.german.hearing import BERLIN, sampled

SAID_AT = datetime(2026, 11, 24, 9, 12, tzinfo=BERLIN)
TODAY = SAID_AT.date()
Said = Iterator[tuple[str, str]]


def ranges_and_choices() -> Said:
    """Two times, as people join them, in every pair of forms."""
    joints = (" - ", "-", " \u2013 ", " bis ", " oder ", " und ", ", ", " / ", "/", "; ", " beziehungsweise ")
    for first in range(8, 20):
        for second in range(first + 1, 21):
            for one, other in zip(_hours(first), _hours(second), strict=True):
                yield from (("morgen", f"{one}{joint}{other}") for joint in joints)
                yield from ((f"morgen {one}{joint}{other}", "") for joint in joints)
                yield "morgen", f"zwischen {one} und {other}"
                yield "morgen", f"von {one} bis {other}"


def _hours(hour: int) -> list[str]:
    said = speaker.hour_before_uhr(hour)
    return [
        f"{hour}",
        f"{hour} Uhr",
        f"um {hour}",
        f"{hour}:00",
        f"{hour}.00 Uhr",
        f"{hour}h",
        f"{said} Uhr",
        f"um {said} Uhr",
    ]


def durations() -> Said:
    for count in range(1, 60):
        counts = (str(count), "einer" if count == 1 else speaker.counted(count))
        units = ("h", "Stunden", "Std.", "Minuten", "Min.", "Stunde", "Monaten", "Jahren")
        for words in (f"{prefix}{number} {unit}" for number in counts for unit in units for prefix in SPANS):
            yield "heute", words
            yield f"heute {words}", ""
            yield words, "14 Uhr"
        yield "heute", f"in {count}h"
        yield "heute", f"in ca. {count}h"


SPANS = ("in ", "in ca. ", "in etwa ", "nach ", "in den nächsten ", "innerhalb von ", "für ", "alle ")


def dates_in_the_field_for_the_time() -> Said:
    for ahead in range(365):
        day = TODAY + timedelta(days=ahead)
        for form, words in speaker.days(day, TODAY):
            # In the field for times "26.11" is a time, not a day.
            if form != "26.11":
                yield speaker.WEEKDAYS[day.weekday()], words
                yield "", words


def weekdays_that_are_not_the_dates() -> Said:
    for ahead in range(365):
        day = TODAY + timedelta(days=ahead)
        for other in range(1, 7):
            name = (day.weekday() + other) % 7
            for weekday in (speaker.WEEKDAYS[name], speaker.SHORT[name] + ",", speaker.SHORT[name] + "."):
                for date_words in _dates(day):
                    yield f"{weekday} {date_words}", "14 Uhr"
                    yield f"{weekday} den {date_words}", "14 Uhr"
                    yield date_words, f"{weekday} 14 Uhr" if weekday[0] != "S" else f"am {weekday} um 14 Uhr"


def _dates(day: date) -> list[str]:
    return [f"{day.day}.{day.month}.", f"{day:%d.%m.%Y}", f"{day.day}. {speaker.MONTHS[day.month - 1]}"]


def instants_of_another_zone() -> Said:
    for ahead in range(1, 365):
        day = TODAY + timedelta(days=ahead)
        for clock in ("14:00:00", "14:00", "00:00:00", "14:00:00.000"):
            ours = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=BERLIN).utcoffset()
            for offset in ("Z", "+00:00", "-05:00", "+02:00" if ours == timedelta(hours=1) else "+01:00", "+0530"):
                yield f"{day}T{clock}{offset}", ""
                yield f"{day}T{clock}{offset}", "14:00"


@pytest.mark.parametrize(
    ("generator", "one_in"),
    [
        (ranges_and_choices, 7),
        (durations, 5),
        (dates_in_the_field_for_the_time, 29),
        (weekdays_that_are_not_the_dates, 29),
        (instants_of_another_zone, 5),
    ],
)
def test_it_asks(generator: Callable[[], Said], one_in: int) -> None:
    """CI runs the fraction in the table, --long all."""
    answers = (
        (words, parse_wish(*words, said_at=SAID_AT, zone=BERLIN, opening_hours=NINE_TO_SIX))
        for words in sampled(generator(), one_in)
    )
    assert [words for words, answer in answers if isinstance(answer, Moment)] == []
