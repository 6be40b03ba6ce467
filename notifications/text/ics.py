"""An appointment as a calendar file (RFC 5545)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

LINE_OCTETS: Final = 75
_BLANKS: Final = str.maketrans(dict.fromkeys("\t\u00a0\u2007\u202f", " "))


@dataclass(frozen=True, slots=True)
class Event:
    """`uid` never changes for an appointment, `sequence` rises with each change, so calendars replace the old entry."""

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    written_at: datetime
    summary: str
    description: str
    location: str
    organizer_name: str
    organizer_email: str
    is_cancelled: bool = False

    @property
    def method(self) -> str:
        """PUBLISH, not REQUEST: nobody would get an answer to an invitation."""
        return "CANCEL" if self.is_cancelled else "PUBLISH"


def calendar(event: Event) -> str:
    """The file, with CRLF line ends. Times are in UTC, so that no zone definition can be wrong or missing."""
    return "".join(f"{part}\r\n" for line in _lines(event) for part in _folded(line))


def _lines(event: Event) -> Iterator[str]:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield "PRODID:-//AskPro//Appointments//DE"
    yield "CALSCALE:GREGORIAN"
    yield f"METHOD:{event.method}"
    yield "BEGIN:VEVENT"
    yield f"UID:{_escaped(event.uid)}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"DTSTAMP:{_instant(event.written_at)}"
    yield f"DTSTART:{_instant(event.starts_at)}"
    yield f"DTEND:{_instant(event.ends_at)}"
    yield f"SUMMARY:{_escaped(event.summary)}"
    for name, value in (("DESCRIPTION", event.description), ("LOCATION", event.location)):
        if value:
            yield f"{name}:{_escaped(value)}"
    yield f'ORGANIZER;CN="{_parameter(event.organizer_name)}":mailto:{event.organizer_email}'
    yield f"STATUS:{'CANCELLED' if event.is_cancelled else 'CONFIRMED'}"
    yield "TRANSP:OPAQUE"
    yield "END:VEVENT"
    yield "END:VCALENDAR"


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return _printable("\\n".join(escaped.splitlines()))


def _parameter(text: str) -> str:
    # A quoted parameter has no escape: RFC 5545 forbids the quote itself.
    return _printable(" ".join(text.split())).replace('"', "'")


def _printable(text: str) -> str:
    return "".join(char for char in text.translate(_BLANKS) if char.isprintable())


def _folded(line: str) -> Iterator[str]:
    """The line in parts of at most 75 octets, all but the first after a blank, without splitting a character."""
    part, octets = "", 0
    for char in line:
        size = len(char.encode())
        if octets + size > LINE_OCTETS:
            yield part
            part, octets = " ", 1
        part += char
        octets += size
    yield part
