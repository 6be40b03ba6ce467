from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.german.moment import Moment, Reason, Unclear
from calls.german.time import names_day_and_time, parse_wish
from calls.german.words import MONTHS, WEEKDAYS
from tests.calls.german.asked import BERLIN, MONDAY_AT_TEN, NINE_TO_SIX, local, understood


@pytest.mark.parametrize(
    ("datum", "uhrzeit", "moment"),
    [
        # both in one field, or in the other's
        ("morgen um 16 Uhr", "", "2025-11-18 16:00"),
        ("", "morgen um 16 Uhr", "2025-11-18 16:00"),
        ("16 Uhr", "morgen", "2025-11-18 16:00"),
        ("20.11. 16 Uhr", "", "2025-11-20 16:00"),
        ("20.11. um 16.30", "", "2025-11-20 16:30"),
        ("Donnerstag, den 20. November 2025, 16:00 Uhr", "", "2025-11-20 16:00"),
        ("16 Uhr 20. November", "", "2025-11-20 16:00"),
        ("16 Uhr 3 Dezember", "", "2025-12-03 16:00"),
        ("Do um 4", "", "2025-11-20 16:00"),
        ("am Donnerstag dem zwanzigsten November um halb drei", "", "2025-11-20 14:30"),
        ("morgen um 16 Uhr", "16:00", "2025-11-18 16:00"),
        ("morgen", "morgen um 16 Uhr", "2025-11-18 16:00"),
        ("morgen um 16 Uhr", "17:00", "ambiguous_time"),
        ("Freitag", "morgen um 10", "weekday_mismatch"),
        # "morgen" after a day is the morning
        ("Freitag morgen um 10", "", "2025-11-21 10:00"),
        ("Freitagmorgen, 10 Uhr", "", "2025-11-21 10:00"),
        ("morgen früh um acht", "", "2025-11-18 08:00"),
        ("morgen früh", "8 Uhr", "2025-11-18 08:00"),
        ("Freitagnachmittag um drei", "", "2025-11-21 15:00"),
        ("Donnerstagabend um 8", "", "2025-11-20 20:00"),
        ("heute morgen um 16 Uhr", "", "ambiguous_time"),
        ("heute Abend um 7", "", "2025-11-17 19:00"),
        # one of both is missing
        ("morgen", "", "no_time"),
        ("", "16 Uhr", "no_date"),
        ("", "", "no_date"),
        ("", "nachmittags", "no_date"),
        ("morgen früh", "", "window_only"),
        ("morgen Vormittag", "", "window_only"),
        ("Freitagnachmittag", "", "window_only"),
        ("blabla", "16 Uhr", "unreadable"),
        ("morgen", "blabla", "unreadable"),
        # the day of the call itself
        ("heute", "11 Uhr", "2025-11-17 11:00"),
        ("heute", "um 4", "2025-11-17 16:00"),
        ("heute", "09:30", "past_date"),
        ("heute", "10:00", "past_date"),
        ("17.11.", "09:30", "past_date"),
        # ISO 8601
        ("2025-11-20T16:00", "", "2025-11-20 16:00"),
        ("2025-11-20 16:00", "", "2025-11-20 16:00"),
        ("2025-11-20T16:00:00", "", "2025-11-20 16:00"),
        ("2025-11-20T16:00:00+01:00", "", "2025-11-20 16:00"),
        ("2025-11-20T16:00:00+0100", "", "2025-11-20 16:00"),
        ("2025-11-20T16:00:00Z", "", "ambiguous_time"),
        ("2025-11-20T15:00:00.000Z", "", "ambiguous_time"),
        # midnight is what a field for dates holds
        ("2025-11-20T00:00:00", "16:00", "2025-11-20 16:00"),
        ("2025-11-20 00:00", "um vier", "2025-11-20 16:00"),
        ("2025-11-20T00:00:00+01:00", "16:00", "2025-11-20 16:00"),
        ("2025-11-20T00:00:00Z", "16:00", "ambiguous_time"),
        ("2025-11-20T00:00:00", "", "no_time"),
        ("2025-11-20", "00:00", "2025-11-20 00:00"),
        ("2025-11-20T16:00:00+01:00", "16:00", "2025-11-20 16:00"),
        ("2025-11-20", "2025-11-20T16:00:00+01:00", "2025-11-20 16:00"),
        ("Donnerstag, 2025-11-20T16:00:00+01:00", "", "2025-11-20 16:00"),
        ("Freitag, 2025-11-20T16:00:00+01:00", "", "weekday_mismatch"),
        ("2025-11-20T16:00:00Z", "16:00", "ambiguous_time"),
        ("2025-11-20T16:00:00+02:00", "", "ambiguous_time"),
        ("2025-11-20 09:00-10:00", "", "ambiguous_time"),
        ("2025-11-20T16:00:30", "", "invalid_time"),
        ("2025-11-20T25:00", "", "invalid_date"),
        ("2025-11-31T16:00:00Z", "", "invalid_date"),
        ("0001-01-01T00:00:00+14:00", "", "invalid_date"),
        ("9999-12-31T23:59:59-12:00", "", "invalid_date"),
        ("2024-06-03T10:00:00+02:00", "", "past_date"),
        ("2026-11-18T10:00:00+01:00", "", "too_far"),
    ],
)
def test_it_reads_day_and_time_wherever_they_stand(datum: str, uhrzeit: str, moment: str) -> None:
    assert understood(datum, uhrzeit) == moment


def test_it_answers_in_utc() -> None:
    answer = parse_wish("morgen", "16 Uhr", said_at=MONDAY_AT_TEN, zone=BERLIN, opening_hours=NINE_TO_SIX)

    assert answer == Moment(datetime(2025, 11, 18, 15, 0, tzinfo=UTC))
    assert isinstance(answer, Moment)
    assert answer.starts_at.tzinfo is UTC


@pytest.mark.parametrize("parsed_in", [BERLIN, UTC, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Auckland")])
def test_it_counts_from_the_branchs_day_when_the_call_was_a_minute_before_midnight(
    parsed_in: ZoneInfo,
) -> None:
    said_at = datetime(2025, 11, 17, 23, 59, tzinfo=BERLIN).astimezone(parsed_in)

    assert understood("morgen um 16 Uhr", said_at=said_at) == "2025-11-18 16:00"


def test_it_reads_times_in_the_zone_of_the_branch() -> None:
    answer = parse_wish(
        "morgen", "16 Uhr", said_at=MONDAY_AT_TEN, zone=ZoneInfo("Europe/Lisbon"), opening_hours=NINE_TO_SIX
    )

    assert answer == Moment(datetime(2025, 11, 18, 16, 0, tzinfo=UTC))


def test_it_refuses_a_naive_start_of_the_call() -> None:
    with pytest.raises(ValueError, match="aware"):
        understood("morgen", "16 Uhr", said_at=datetime(2025, 11, 17, 10))  # noqa: DTZ001 - the point


@pytest.mark.parametrize(
    ("said_on", "datum", "uhrzeit", "moment"),
    [
        (date(2025, 10, 20), "26.10.2025", "02:30", "ambiguous_local_time"),
        (date(2025, 10, 20), "26.10.2025", "02:00", "ambiguous_local_time"),
        (date(2025, 10, 20), "26.10.2025", "01:59", "2025-10-26 01:59"),
        (date(2025, 10, 20), "26.10.2025", "03:00", "2025-10-26 03:00"),
        (date(2025, 10, 20), "26.10.2025", "halb drei", "2025-10-26 14:30"),
        (date(2026, 3, 20), "29.3.2026", "02:30", "nonexistent_time"),
        (date(2026, 3, 20), "29.3.2026", "02:00", "nonexistent_time"),
        (date(2026, 3, 20), "29.3.2026", "2 Uhr nachts", "nonexistent_time"),
        (date(2026, 3, 20), "29.3.2026", "01:59", "2026-03-29 01:59"),
        (date(2026, 3, 20), "29.3.2026", "03:00", "2026-03-29 03:00"),
        (date(2026, 3, 28), "morgen", "16 Uhr", "2026-03-29 16:00"),
        (date(2026, 10, 24), "morgen", "02:30", "ambiguous_local_time"),
        (date(2026, 10, 24), "morgen", "16 Uhr", "2026-10-25 16:00"),
        (date(2027, 3, 27), "morgen", "02:59", "nonexistent_time"),
        (date(2027, 3, 27), "morgen", "03:00", "2027-03-28 03:00"),
        (date(2025, 10, 20), "2025-10-26T02:30:00", "", "ambiguous_local_time"),
        (date(2026, 3, 20), "2026-03-29T02:30", "", "nonexistent_time"),
    ],
)
def test_it_asks_when_the_clocks_change(said_on: date, datum: str, uhrzeit: str, moment: str) -> None:
    assert understood(datum, uhrzeit, said_at=local(said_on, time(10))) == moment


@pytest.mark.parametrize(
    ("stated", "instant"),
    [
        ("2025-10-26T02:30:00+02:00", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
        ("2025-10-26T02:30:00+01:00", datetime(2025, 10, 26, 1, 30, tzinfo=UTC)),
    ],
)
def test_it_takes_one_of_the_two_hours_when_an_instant_is_stated(stated: str, instant: datetime) -> None:
    said_at = datetime(2025, 10, 20, 10, tzinfo=BERLIN)

    answer = parse_wish(stated, "", said_at=said_at, zone=BERLIN, opening_hours=NINE_TO_SIX)

    assert answer == Moment(instant)


@pytest.mark.parametrize(
    ("said_at", "summer", "utc"),
    [
        (datetime(2026, 3, 28, 12, tzinfo=BERLIN), "29.3.2026", datetime(2026, 3, 29, 14, tzinfo=UTC)),
        (datetime(2026, 3, 28, 12, tzinfo=BERLIN), "28.3.2026", datetime(2026, 3, 28, 15, tzinfo=UTC)),
        (datetime(2026, 10, 24, 12, tzinfo=BERLIN), "24.10.2026", datetime(2026, 10, 24, 14, tzinfo=UTC)),
        (datetime(2026, 10, 24, 12, tzinfo=BERLIN), "25.10.2026", datetime(2026, 10, 25, 15, tzinfo=UTC)),
    ],
)
def test_it_keeps_the_wall_clock_across_the_change(said_at: datetime, summer: str, utc: datetime) -> None:
    answer = parse_wish(summer, "16 Uhr", said_at=said_at, zone=BERLIN, opening_hours=NINE_TO_SIX)

    assert answer == Moment(utc)


def test_it_quotes_the_caller_and_keeps_what_was_understood_when_it_is_unclear() -> None:
    answer = parse_wish(" morgen ", "Vormittag", said_at=MONDAY_AT_TEN, zone=BERLIN, opening_hours=NINE_TO_SIX)

    assert answer == Unclear(
        Reason.WINDOW_ONLY, "morgen / Vormittag", day=date(2025, 11, 18), window=(time(6), time(12))
    )


def test_it_refuses_a_field_that_would_have_to_be_cut() -> None:
    assert understood("morgen" + " bitte" * 100, "16 Uhr") == "unreadable"


@pytest.mark.parametrize(
    ("datum", "uhrzeit", "stated"),
    [
        ("morgen", "16 Uhr", True),
        ("morgen um 16 Uhr", "", True),
        ("2025-11-20T16:00:00Z", "", True),
        ("15.1", "nachmittags", True),
        ("morgen", "", False),
        ("", "16 Uhr", False),
        ("", "", False),
        ("x" * 201, "16 Uhr", False),
    ],
)
def test_it_tells_whether_day_and_time_are_stated(datum: str, uhrzeit: str, stated: bool) -> None:
    assert names_day_and_time(datum, uhrzeit) is stated


SAYABLE = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [
                *WEEKDAYS,
                *MONTHS,
                "morgen",
                "heute",
                "übermorgen",
                "nächste",
                "Woche",
                "um",
                "halb",
                "Viertel",
                "vor",
                "nach",
                "drei",
                "vier",
                "zwölf",
                "16",
                "4",
                "Uhr",
                "20.",
                "20.11.",
                "3te",
                "26ten",
                "0.",
                "30.",
                "1430",
                "4,30",
                "in",
                "Tagen",
                "KW",
                "ersten",
                "im",
                "Monat",
                "So.",
                "29.2.",
                "2026",
                "31.6.",
                "15.1",
                "gegen",
                "früh",
                "nachmittags",
                "-",
                ",",
                "16:30",
                "02:30",
                "24:00",
                "2026-03-29",
                "2026-10-25T02:30",
                "2026-05-05T10:00Z",
                "9999-12-31T23:59:59-12:00",
                "nicht",
                "dreiviertel",
                "h",
                "\x00",
                "\ud800",
                "…",
            ]
        ),
        max_size=8,
    ).map(" ".join),
)
CALLS = st.datetimes(datetime(2001, 1, 1), datetime(2098, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from([BERLIN, UTC, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")])


@given(datum=SAYABLE, uhrzeit=SAYABLE, said_at=CALLS, zone=ZONES)
def test_it_never_raises_nor_leaves_the_twelve_months_after_the_call(
    datum: str, uhrzeit: str, said_at: datetime, zone: ZoneInfo
) -> None:
    answer = parse_wish(datum, uhrzeit, said_at=said_at, zone=zone, opening_hours=NINE_TO_SIX)

    if isinstance(answer, Moment):
        assert said_at < answer.starts_at < said_at + timedelta(days=367)
        assert answer.starts_at.tzinfo is UTC
    else:
        assert isinstance(answer.reason, Reason)
        assert len(answer.words) <= 400
