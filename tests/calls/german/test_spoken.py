"""Words made from a moment are read as that moment or asked about, never read as another."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest

from calls.german.opening_hours import OpeningHours
from tests.calls.german import speaker
from tests.calls.german.hearing import BERLIN, WHOLE, Tally, sampled

DAYS = ("mo", "di", "mi", "do", "fr", "sa", "so")
HOURS = {
    "nine to six": [["09:00", "18:00"]],
    "two windows": [["08:00", "12:00"], ["14:00", "18:30"]],
    "evening": [["17:00", "23:00"]],
    "across noon": [["11:00", "15:30"]],
    "day and night": [["00:00", "24:00"]],
    "unknown": [],
}
# How a sentence may continue after the words.
ENDS = ("", ".", " bitte", ". Bitte.", "!")
TOMORROW, CHANGES = date(2026, 11, 25), (date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31))
SAID_AT = {day: datetime.combine(day - timedelta(1), time(9, 12), tzinfo=BERLIN) for day in (TOMORROW, *CHANGES)}


def is_open(spans: list[list[str]], minute: int) -> bool:
    clock = f"{minute // 60:02}:{minute % 60:02}"
    return any(opens <= clock < closes for opens, closes in spans)


def instant(day: date, minute: int) -> datetime | None:
    """The one instant at which the clocks in Berlin show this, if there is exactly one."""
    wall = datetime.combine(day, time(*divmod(minute, 60)))
    moments = [(wall - timedelta(hours=hours)).replace(tzinfo=UTC) for hours in (1, 2)]
    shown = [moment for moment in moments if moment.astimezone(BERLIN).replace(tzinfo=None) == wall]
    return shown[0] if len(shown) == 1 else None


def ended(words: str, turn: int) -> str:
    end = ENDS[turn % len(ENDS)]
    return words + (end.removeprefix(".") if words.endswith(".") else end)


def spoken_times() -> Iterator[tuple[str, str, str, date, int]]:
    """Hours, form, words, day and minute: every minute of the day, each in every form that can mean it.

    A time on the 12-hour dial means one at which the branch is open: a rule of the domain, which the reader follows.
    On days when the clocks change, only the hours around the change are tried.
    """
    for minute in range(24 * 60):
        hour, minutes = divmod(minute, 60)
        certain, doubtful = said_in_full(hour, minutes), said_by_the_dial(hour, minutes)
        for name, spans in HOURS.items():
            forms = [*certain, *doubtful] if is_open(spans, minute) else certain
            if is_open(spans, minute) and not is_open(spans, (minute + 720) % 1440):
                forms = [*forms, *speaker.times_in_digits(hour % 12 or 12, minutes)]
            yield from ((name, form, words, TOMORROW, minute) for form, words in forms)
        for day in CHANGES if 60 <= minute < 240 else ():
            yield from (("day and night", form, words, day, minute) for form, words in [*certain, *doubtful])


def said_in_full(hour: int, minutes: int) -> list[tuple[str, str]]:
    spoken = [*speaker.times_in_digits(hour % 12 or 12, minutes), *speaker.times_in_words(hour % 12 or 12, minutes)]
    dial = speaker.times_of_the_dial(hour, minutes)
    parts = list(speaker.parts_of_day(hour, minutes))
    halved = [
        (f"{form} abends", phrase)
        for form, words in [*dial, *spoken]
        for part in parts
        for phrase in (f"{words} {part}", f"{part} {words}")
    ]
    by_day = said_by_day(hour, minutes) if hour == 0 or hour > 12 else []
    return [*speaker.full_times(hour, minutes), *halved, *by_day]


def said_by_day(hour: int, minutes: int) -> list[tuple[str, str]]:
    return [*speaker.times_in_digits(hour, minutes), *speaker.times_in_words(hour, minutes)]


def said_by_the_dial(hour: int, minutes: int) -> list[tuple[str, str]]:
    spoken = list(speaker.times_in_words(hour % 12 or 12, minutes))
    # By two digits with minutes the 24-hour clock is meant, where it can be: "22:30" is not written "10:30".
    if 1 <= hour < 22:
        spoken += speaker.times_in_digits(hour % 12 or 12, minutes)
    return [*spoken, *speaker.times_of_the_dial(hour, minutes)]


@pytest.fixture
def tally(capsys: pytest.CaptureFixture[str]) -> Iterator[Tally]:
    tally = Tally()
    yield tally
    with capsys.disabled():
        print(f"\n{tally.report()}")


def test_a_time_is_read_as_it_was_meant_or_asked(tally: Tally) -> None:
    """Every 211th in CI, all with --long: a million."""
    hours = {name: OpeningHours.from_json(dict.fromkeys(DAYS, spans)) for name, spans in HOURS.items()}
    for turn, (name, form, words, day, minute) in enumerate(sampled(spoken_times(), 211)):
        said = (f"{day.day}.{day.month}.{day.year}", ended(words, turn))
        tally.hear(form, said, instant(day, minute), said_at=SAID_AT[day], hours=hours[name])
    assert tally.wrong == []
    assert tally.read.total() > tally.asked.total()


FIRST, LAST_DAY = date(2025, 11, 1), date(2027, 11, 30)
# Where the time is said relative to the day: in the other field, in the same one, before it.
TIMES = (("{}", "16:00"), ("{}", "um vier"), ("{} um 16 Uhr", ""), ("", "{} um 16 Uhr"), ("16 Uhr", "{}"))
CALLED = (time(9, 12), time(0, 5), time(23, 50))


def calls_and_days() -> Iterator[tuple[date, date]]:
    """Calls on every day of two years, each about the next fortnight, a few days just past, and the year ahead."""
    for days in range((LAST_DAY - FIRST).days):
        today = FIRST + timedelta(days=days)
        for ahead in [*range(15), *range(15 + days % 11, 364, 11), *range(-1 - days % 11, -57, -11)]:
            yield today, today + timedelta(days=ahead)


def test_a_day_is_read_as_it_was_meant_or_asked(tally: Tally) -> None:
    """Every 743rd pair of days in every form in CI, all with --long."""
    nine_to_six = OpeningHours.from_json(dict.fromkeys(DAYS, HOURS["nine to six"]))
    for number, (today, day) in enumerate(sampled(calls_and_days(), 743)):
        meant = datetime.combine(day, time(16), tzinfo=BERLIN).astimezone(UTC)
        for turn, (form, words) in enumerate(speaker.days(day, today), start=number):
            said_at = datetime.combine(today, CALLED[turn % len(CALLED)], tzinfo=BERLIN)
            before, after = TIMES[turn % len(TIMES)]
            whole = words if "{} " in before + after else ended(words, turn)
            said = (before.format(whole), after.format(whole))
            is_ahead = meant > said_at
            tally.hear(
                form if is_ahead else "just past", said, meant if is_ahead else None, said_at=said_at, hours=nine_to_six
            )
    assert tally.wrong == []
    assert tally.read.total() > 4 * tally.asked.total()


LAYOUTS = (
    ("{day}", "{time}"),
    ("{day}, {time}", ""),
    ("{day} {time}", ""),
    ("{day} um {time}", ""),
    ("{day} - {time}", ""),
    ("{day}. {time}", ""),
    ("{time} {day}", ""),
    ("{time}, {day}", ""),
    ("", "{day}, {time}"),
    ("", "{day} {time}"),
    ("", "{time} {day}"),
    ("{time}", "{day}"),
    ("{day}.", "um {time}."),
)


def test_a_day_and_a_time_in_any_forms_and_order_are_read_as_they_were_meant_or_asked(tally: Tally) -> None:
    """Random, but the same in each run: 3,000 in CI, 200,000 with --long."""
    chance = Random(9)
    nine_to_six = OpeningHours.from_json(dict.fromkeys(DAYS, HOURS["nine to six"]))
    for _ in range(200_000 if WHOLE else 3_000):
        today = FIRST + timedelta(days=chance.randrange((LAST_DAY - FIRST).days))
        day = today + timedelta(days=chance.randrange(1, chance.choice((15, 60, 364))))
        hour, minute = divmod(chance.choice((chance.randrange(540, 1080), 15 * chance.randrange(36, 72))), 60)
        said_in = [*speaker.full_times(hour, minute), *said_by_day(hour, minute), *said_by_the_dial(hour, minute)]
        form, time_words = chance.choice(said_in)
        day_form, day_words = chance.choice(list(speaker.days(day, today)))
        said = tuple(part.format(day=day_words, time=time_words) for part in chance.choice(LAYOUTS))
        said_at = datetime.combine(today, time(chance.randrange(24), chance.randrange(60)), tzinfo=BERLIN)
        meant = datetime.combine(day, time(hour, minute), tzinfo=BERLIN).astimezone(UTC)
        tally.hear(f"{day_form}, {form}", (said[0], said[1]), meant, said_at=said_at, hours=nine_to_six)
    assert tally.wrong == []
    assert tally.read.total() > tally.asked.total()
