"""An appointment as a calendar file (RFC 5545), as mail programs take an invitation (RFC 5546)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import icalendar

MINUTE: Final = timedelta(minutes=1)
PRODUCT: Final = "-//AskPro//Appointments//DE"
_BLANKS: Final = str.maketrans(dict.fromkeys("\t\u00a0\u2007\u202f", " "))


@dataclass(frozen=True, slots=True)
class Event:
    """`uid` never changes for an appointment, `sequence` rises with each change, so calendars replace the old entry.

    `zone` is the place's. An attendee without an address is left out: then nobody is invited.
    """

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    written_at: datetime
    summary: str
    description: str
    location: str
    url: str
    organizer_name: str
    organizer_email: str
    attendee_name: str
    attendee_email: str
    is_cancelled: bool = False

    @property
    def method(self) -> str:
        """What a calendar shall do with it: enter or update the event, or take it out."""
        if self.is_cancelled:
            return "CANCEL"
        # An invitation needs somebody who is invited.
        return "REQUEST" if self.attendee_email else "PUBLISH"


def calendar(event: Event) -> str:
    """The file, with CRLF line ends."""
    file = icalendar.Calendar()
    file.add("VERSION", "2.0")
    file.add("PRODID", PRODUCT)
    file.add("CALSCALE", "GREGORIAN")
    file.add("METHOD", event.method)
    times = _times(event)
    if all(time.tzinfo is not UTC for time in times):
        file.add_component(_zone(event.zone, times[0].year, times[1].year + 1))
    file.add_component(_entry(event, times))
    return file.to_ical().decode()


def _entry(event: Event, times: tuple[datetime, datetime]) -> icalendar.Event:
    entry = icalendar.Event()
    entry.add("UID", event.uid)
    entry.add("SEQUENCE", event.sequence)
    entry.add("DTSTAMP", event.written_at.astimezone(UTC))
    entry.add("DTSTART", times[0])
    entry.add("DTEND", times[1])
    entry.add("SUMMARY", _plain(event.summary))
    for name, text in (("DESCRIPTION", event.description), ("LOCATION", event.location)):
        if text:
            entry.add(name, _plain(text))
    if event.url:
        entry.add("URL", event.url)
    entry.add("ORGANIZER", _person(event.organizer_name, event.organizer_email))
    if event.attendee_email:
        entry.add("ATTENDEE", _attendee(event))
    entry.add("STATUS", "CANCELLED" if event.is_cancelled else "CONFIRMED")
    entry.add("TRANSP", "OPAQUE")
    return entry


def _times(event: Event) -> tuple[datetime, datetime]:
    """Begin and end by the place's clocks; in UTC if one is in the second of two hours of the same name, which no
    local time can say: a time with TZID means the first (RFC 5545, 3.3.5)."""
    local = event.starts_at.astimezone(event.zone), event.ends_at.astimezone(event.zone)
    if any(time.fold for time in local):
        return event.starts_at.astimezone(UTC), event.ends_at.astimezone(UTC)
    return local


@lru_cache(maxsize=256)
def _zone(zone: ZoneInfo, first: int, after: int) -> icalendar.Timezone:
    """The zone's rules for these years alone: so each is one date, which Outlook understands, too.

    The library's own `Timezone.from_tzinfo` lets summer begin an hour late.
    """
    rules = icalendar.Timezone()
    rules.add("TZID", zone.key)
    began_at = datetime(first, 1, 1, tzinfo=zone).astimezone(UTC)
    rules.add_component(_rule(zone, began_at, _offset(zone, began_at)))
    for changed_at in _changes(zone, began_at, datetime(after, 1, 1, tzinfo=zone).astimezone(UTC)):
        rules.add_component(_rule(zone, changed_at, _offset(zone, changed_at - MINUTE)))
    return rules


def _rule(
    zone: ZoneInfo, began_at: datetime, before: timedelta
) -> icalendar.TimezoneStandard | icalendar.TimezoneDaylight:
    """What holds from a moment on. By definition its begin is told by the clocks of before."""
    local = began_at.astimezone(zone)
    rule = icalendar.TimezoneDaylight() if local.dst() else icalendar.TimezoneStandard()
    rule.add("DTSTART", (began_at + before).replace(tzinfo=None))
    rule.add("TZOFFSETFROM", before)
    rule.add("TZOFFSETTO", _offset(zone, began_at))
    rule.add("TZNAME", local.tzname())
    return rule


def _changes(zone: ZoneInfo, first: datetime, after: datetime) -> Iterator[datetime]:
    """The moments at which the clocks change, to the minute."""
    day = first
    while day < after:
        following = day + timedelta(days=1)
        if _offset(zone, day) != _offset(zone, following):
            yield _change_between(zone, day, following)
        day = following


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    old = _offset(zone, before)
    while after - before > MINUTE:
        middle = before + (after - before) // MINUTE // 2 * MINUTE
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _attendee(event: Event) -> icalendar.vCalAddress:
    """The customer, who has said yes on the phone: nobody waits for an answer, and none would be read."""
    attendee = _person(event.attendee_name, event.attendee_email)
    attendee.params |= {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
    return attendee


def _person(name: str, address: str) -> icalendar.vCalAddress:
    person = icalendar.vCalAddress(f"mailto:{address}")
    if shown := " ".join(_plain(name).split()):
        # A quoted parameter has no escape: RFC 5545 forbids the quote itself.
        person.params["CN"] = shown.replace('"', "'")
    return person


def _plain(text: str) -> str:
    """The text's lines, without what no calendar can show."""
    lines = text.translate(_BLANKS).splitlines()
    return "\n".join("".join(char for char in line if char.isprintable()) for line in lines)
