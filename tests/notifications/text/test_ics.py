"""The calendar file, read back with icalendar; its zones by dateutil, which believes the file and no other source."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil.tz import tzical
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.text.ics import Event, calendar

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    *("Europe/Berlin", "Europe/Lisbon", "Europe/Dublin", "America/New_York", "America/St_Johns", "Asia/Kolkata"),
    *("Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Chatham", "UTC"),
)
# What a database row can hold: no NUL, no lone surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=300)
# Quarters of an hour from 2025 to 2030.
MOMENTS = st.integers(0, 6 * 365 * 96)


def event(**values: object) -> Event:
    starts_at = datetime(2026, 12, 3, 14, 0, tzinfo=BERLIN)
    defaults: dict[str, object] = {
        "uid": "1f0e@askpro.example",
        "sequence": 1,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=30),
        "zone": BERLIN,
        "written_at": datetime(2026, 12, 1, 9, 0, tzinfo=UTC),
        "summary": "Haarstudio Lindenblatt: Herrenhaarschnitt",
        "description": "Anouk Weidner\n030 23125100",
        "location": "Ahornweg 7, 10119 Berlin",
        "url": "https://askpro.example/t/aG7k/",
        "organizer_name": "Haarstudio Lindenblatt",
        "organizer_email": "termine@askpro.example",
        "attendee_name": "Jördis Ampel",
        "attendee_email": "joerdis@example.org",
    }
    return Event(**(defaults | values))  # type: ignore[arg-type]


def parsed(file: str) -> icalendar.Event:
    assert file.endswith("END:VCALENDAR\r\n")
    read = icalendar.Calendar.from_ical(file)
    [entry] = read.walk("VEVENT")
    assert not [error for component in read.walk() for error in component.errors]
    return entry


def instants(file: str) -> tuple[datetime, datetime]:
    """Begin and end as a calendar reads them that knows no zones but the file's own."""
    entry = parsed(file)
    return _instant(entry["DTSTART"], file), _instant(entry["DTEND"], file)


def _instant(value: Any, file: str) -> datetime:
    if "TZID" not in value.params:
        return value.dt.astimezone(UTC)
    zone = tzical(StringIO(file)).get(value.params["TZID"])
    assert zone is not None
    return value.dt.replace(tzinfo=zone).astimezone(UTC)


def shown(text: str) -> str:
    """The part of a text that a calendar can show: its lines, without unprintable characters."""
    lines = [line.translate({ord(c): " " for c in "\t\u00a0\u2007\u202f"}) for line in text.splitlines()]
    return "\n".join("".join(char for char in line if char.isprintable()) for line in lines)


def test_it_invites_to_the_appointment_by_the_places_clocks() -> None:
    file = calendar(event())
    entry = parsed(file)
    assert "DTSTART;TZID=Europe/Berlin:20261203T140000\r\n" in file
    assert "DTEND;TZID=Europe/Berlin:20261203T143000\r\n" in file
    assert (entry["UID"], entry["SEQUENCE"], entry["STATUS"]) == ("1f0e@askpro.example", 1, "CONFIRMED")
    assert "METHOD:REQUEST\r\n" in file
    assert entry["LOCATION"] == "Ahornweg 7, 10119 Berlin"
    assert entry["DESCRIPTION"] == "Anouk Weidner\n030 23125100"
    assert entry["URL"] == "https://askpro.example/t/aG7k/"


def test_it_asks_nobody_for_an_answer() -> None:
    entry = parsed(calendar(event()))
    attendee, organizer = entry["ATTENDEE"], entry["ORGANIZER"]
    assert (str(organizer), organizer.params["CN"]) == ("mailto:termine@askpro.example", "Haarstudio Lindenblatt")
    assert (str(attendee), attendee.params["CN"]) == ("mailto:joerdis@example.org", "Jördis Ampel")
    assert (attendee.params["RSVP"], attendee.params["PARTSTAT"]) == ("FALSE", "ACCEPTED")


def test_it_takes_the_entry_out_again_when_cancelled() -> None:
    file = calendar(event(is_cancelled=True, sequence=2))
    entry = parsed(file)
    assert ("METHOD:CANCEL\r\n" in file, entry["STATUS"], entry["SEQUENCE"]) == (True, "CANCELLED", 2)


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        (datetime(2026, 3, 28, 16, 0, tzinfo=BERLIN), "2026-03-28T15:00"),
        (datetime(2026, 3, 29, 1, 45, tzinfo=BERLIN), "2026-03-29T00:45"),
        (datetime(2026, 3, 29, 3, 0, tzinfo=BERLIN), "2026-03-29T01:00"),
        (datetime(2026, 3, 29, 16, 0, tzinfo=BERLIN), "2026-03-29T14:00"),
        (datetime(2026, 10, 25, 16, 0, tzinfo=BERLIN), "2026-10-25T15:00"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=0), "2026-10-25T00:30"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1), "2026-10-25T01:30"),
        (datetime(2026, 12, 31, 23, 45, tzinfo=BERLIN), "2026-12-31T22:45"),
    ],
)
def test_it_is_right_around_the_changes_of_the_clock(local: datetime, utc: str) -> None:
    starts_at = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    ends_at = starts_at + timedelta(minutes=30)
    assert local.astimezone(UTC) == starts_at
    assert instants(calendar(event(starts_at=starts_at, ends_at=ends_at))) == (starts_at, ends_at)


def test_a_zone_says_when_its_summer_begins_by_the_clocks_of_winter() -> None:
    file = calendar(event())
    summer = file.partition("BEGIN:DAYLIGHT\r\n")[2].partition("END:DAYLIGHT")[0]
    assert "DTSTART:20260329T020000\r\n" in summer
    assert "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n" in summer


@settings(max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    moves=st.lists(MOMENTS, min_size=1, max_size=3),
    minutes=st.integers(5, 600),
)
def test_one_event_follows_every_move_in_every_zone(zone: str, moves: list[int], minutes: int) -> None:
    for sequence, move in enumerate(moves, start=1):
        starts_at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * move)
        ends_at = starts_at + timedelta(minutes=minutes)
        file = calendar(event(sequence=sequence, starts_at=starts_at, ends_at=ends_at, zone=ZoneInfo(zone)))
        assert instants(file) == (starts_at, ends_at)
        assert (parsed(file)["UID"], parsed(file)["SEQUENCE"]) == ("1f0e@askpro.example", sequence)


@given(TEXT, TEXT, TEXT)
def test_it_can_be_read_back_whatever_the_texts_hold(summary: str, description: str, location: str) -> None:
    entry = parsed(calendar(event(summary=summary, description=description, location=location)))
    assert entry["SUMMARY"] == shown(summary)
    assert entry.get("DESCRIPTION", "") == shown(description)
    assert entry.get("LOCATION", "") == shown(location)


@given(TEXT)
def test_it_has_no_line_over_75_octets_and_tears_no_character(name: str) -> None:
    file = calendar(event(summary=name * 3, organizer_name=name, attendee_name=name)).encode()
    for line in file.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()


@given(TEXT)
def test_it_lets_nobody_write_lines_of_their_own(name: str) -> None:
    hostile = f'{name}":x\r\nB:y'
    file = calendar(event(summary=f"{name}\r\nCONTACT:x", organizer_name=hostile, attendee_name=hostile))
    names = [line.split(":")[0].split(";")[0] for line in file.replace("\r\n ", "").split("\r\n")]
    assert not {"B", "CONTACT"} & {*names}
