"""A moment as people type it: 29.11.2026 09:00, 29.11. 9:00, 9 Uhr, 2026-11-29T09:00, or a day alone."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from askpro.console.day_range import read_day

# Between day and time: ISO's letter, a comma, a blank, or nothing. The time alone is one of today.
_WORDS: Final = re.compile(r"(?P<day>[0-9]+[.\-][0-9.\-]*)?[t, ]*(?P<time>[0-9]{1,2}(?::[0-9]{2}){0,2})?", re.ASCII)


def read_moment(text: str, *, is_end: bool = False) -> datetime | None:
    """The moment that a text names, by the clocks of the console's zone; None when it names none.

    A day alone is its beginning, or where `is_end`, its end. When the clocks go back, a beginning is the earlier of the
    two moments of that name, and an end the later.
    """
    text = " ".join(text.split())
    if (exact := _with_offset(text)) is not None:
        return exact
    match = _WORDS.fullmatch(text.casefold().removesuffix("uhr").rstrip())
    if match is None or not any(match.groupdict().values()):
        return None
    day = read_day(match["day"]) if match["day"] else timezone.localdate()
    clock = _time(match["time"]) if match["time"] else time.min
    if day is None or clock is None:
        return None
    if is_end and not match["time"]:
        day += timedelta(days=1)
    return _aware(day, clock, is_end=is_end)


def written(moment: datetime) -> str:
    """The moment as an address says it: ISO, in the console's zone, with seconds only where it has some."""
    here = timezone.localtime(moment).replace(tzinfo=None)
    return here.isoformat(timespec="seconds" if here.second else "minutes")


def _with_offset(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None and found.year in range(1900, 3000) else None


def _time(text: str) -> time | None:
    hour, minute, second = [int(part) for part in [*text.split(":"), "0", "0"][:3]]
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def _aware(day: date, clock: time, *, is_end: bool) -> datetime:
    named = datetime.combine(day, clock, timezone.get_current_timezone()).replace(fold=int(is_end))
    # A moment that the clocks skip is the one that their hands then show.
    return named.astimezone(UTC)
