"""The calendar file, read back by a parser written from RFC 5545."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.text.ics import Event, calendar

BERLIN = ZoneInfo("Europe/Berlin")
# What a database row can hold: no NUL, no lone surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=300)


def event(**values: object) -> Event:
    starts_at = datetime(2026, 12, 3, 14, 0, tzinfo=BERLIN)
    defaults: dict[str, object] = {
        "uid": "1f0e@askpro.example",
        "sequence": 1,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=30),
        "written_at": datetime(2026, 12, 1, 9, 0, tzinfo=UTC),
        "summary": "Haarstudio Lindenblatt: Herrenhaarschnitt",
        "description": "Anouk Weidner\n030 23125100",
        "location": "Ahornweg 7, 10119 Berlin",
        "organizer_name": "Haarstudio Lindenblatt",
        "organizer_email": "termine@askpro.example",
    }
    return Event(**(defaults | values))  # type: ignore[arg-type]


def parsed(file: str) -> dict[str, str]:
    assert file.endswith("\r\n")
    unfolded = file.replace("\r\n ", "")
    lines = unfolded.removesuffix("\r\n").split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    pairs = [re.fullmatch(r'([A-Z]+)((?:;[A-Z]+="[^"\r\n]*")*):(.*)', line, re.DOTALL) for line in lines]
    assert all(pairs), lines
    return {match[1] + match[2]: match[3] for match in pairs if match}


def unescaped(value: str) -> str:
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value), "a bare separator"
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], value)


def shown(text: str) -> str:
    """The part of a text that a calendar can show: its lines, without unprintable characters."""
    lines = [line.translate({ord(c): " " for c in "\t\u00a0\u2007\u202f"}) for line in text.splitlines()]
    return "\n".join("".join(char for char in line if char.isprintable()) for line in lines)


def test_it_names_the_appointment_in_utc() -> None:
    fields = parsed(calendar(event()))
    assert (fields["DTSTART"], fields["DTEND"]) == ("20261203T130000Z", "20261203T133000Z")
    assert (fields["UID"], fields["SEQUENCE"], fields["METHOD"]) == ("1f0e@askpro.example", "1", "PUBLISH")
    assert unescaped(fields["LOCATION"]) == "Ahornweg 7, 10119 Berlin"
    assert unescaped(fields["DESCRIPTION"]) == "Anouk Weidner\n030 23125100"


def test_it_takes_the_entry_out_again_when_cancelled() -> None:
    fields = parsed(calendar(event(is_cancelled=True, sequence=2)))
    assert (fields["METHOD"], fields["STATUS"], fields["SEQUENCE"]) == ("CANCEL", "CANCELLED", "2")


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        (datetime(2026, 3, 28, 16, 0, tzinfo=BERLIN), "20260328T150000Z"),
        (datetime(2026, 3, 29, 16, 0, tzinfo=BERLIN), "20260329T140000Z"),
        (datetime(2026, 10, 25, 16, 0, tzinfo=BERLIN), "20261025T150000Z"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=0), "20261025T003000Z"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1), "20261025T013000Z"),
    ],
)
def test_it_is_right_around_the_changes_of_the_clock(local: datetime, utc: str) -> None:
    later = local.astimezone(UTC) + timedelta(minutes=30)
    assert parsed(calendar(event(starts_at=local, ends_at=later)))["DTSTART"] == utc


@given(TEXT, TEXT, TEXT)
def test_it_can_be_read_back_whatever_the_texts_hold(summary: str, description: str, location: str) -> None:
    fields = parsed(calendar(event(summary=summary, description=description, location=location)))
    assert unescaped(fields["SUMMARY"]) == shown(summary)
    assert unescaped(fields.get("DESCRIPTION", "")) == shown(description)
    assert unescaped(fields.get("LOCATION", "")) == shown(location)


@given(TEXT)
def test_it_has_no_line_over_75_octets_and_tears_no_character(name: str) -> None:
    file = calendar(event(summary=name * 3, organizer_name=name)).encode()
    for line in file.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()


@given(TEXT)
def test_it_lets_nobody_write_lines_of_their_own(name: str) -> None:
    file = calendar(event(summary=f"{name}\r\nATTENDEE:mailto:x@example.org", organizer_name=f'{name}":x\r\nB:y'))
    names = [line.split(":")[0].split(";")[0] for line in file.replace("\r\n ", "").split("\r\n")]
    assert "ATTENDEE" not in names
    assert "B" not in names
