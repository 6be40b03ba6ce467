from datetime import UTC, date, datetime, timedelta

import pytest

from calls.spoken import english, german, moments


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


NOW = at(2026, 11, 30, 11, 0)


@pytest.mark.parametrize(
    ("local", "in_german", "in_english"),
    [
        (
            at(2026, 12, 4, 15, 30),
            "am Freitag, dem vierten Dezember, um fünfzehn Uhr dreißig",
            "on Friday, the fourth of December, at three thirty p.m.",
        ),
        (
            at(2026, 12, 7, 9, 5),
            "am Montag, dem siebten Dezember, um neun Uhr fünf",
            "on Monday, the seventh of December, at nine oh five a.m.",
        ),
        (
            at(2027, 1, 21, 12, 0),
            "am Donnerstag, dem einundzwanzigsten Januar zweitausendsiebenundzwanzig, um zwölf Uhr",
            "on Thursday, the twenty-first of January twenty twenty-seven, at noon",
        ),
        (
            at(2026, 12, 1, 1, 0),
            "am Dienstag, dem ersten Dezember, um ein Uhr",
            "on Tuesday, the first of December, at one a.m.",
        ),
        (
            at(2026, 12, 31, 0, 0),
            "am Donnerstag, dem einunddreißigsten Dezember, um null Uhr",
            "on Thursday, the thirty-first of December, at midnight",
        ),
    ],
)
def test_a_moment_is_said_in_words(local: datetime, in_german: str, in_english: str) -> None:
    assert moments.moment(local, NOW, "de") == in_german
    assert moments.moment(local, NOW, "en") == in_english


def test_a_choice_names_each_day_once() -> None:
    times = [at(2026, 12, 4, 15), at(2026, 12, 4, 9), at(2026, 12, 5, 10)]
    assert moments.choice(times, NOW, "de") == (
        "am Freitag, dem vierten Dezember, um neun Uhr oder um fünfzehn Uhr; "
        "am Samstag, dem fünften Dezember, um zehn Uhr"
    )
    assert moments.alternatives(["a", "b", "c"], "en") == "a, b or c"


@pytest.mark.parametrize("words", [german, english])
def test_no_day_and_no_time_of_a_year_needs_a_figure(words: object) -> None:
    said = [words.day(date(2026, 1, 1) + timedelta(days=n), date(2025, 1, 1)) for n in range(365)]
    said += [words.clock(at(2026, 1, 1) + timedelta(minutes=n)) for n in range(24 * 60)]
    assert not any(letter.isdigit() for text in said for letter in text)
    assert len(set(said)) == len(said)


def test_numbers_are_words_below_a_thousand() -> None:
    assert [moments.number(n, "de") for n in (0, 1, 16, 21, 45, 101, 999)] == [
        "null",
        "eins",
        "sechzehn",
        "einundzwanzig",
        "fünfundvierzig",
        "einhunderteins",
        "neunhundertneunundneunzig",
    ]
    assert [moments.number(n, "en") for n in (45, 300, 1000)] == ["forty-five", "three hundred", "1000"]
