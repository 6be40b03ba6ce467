"""The free times that a person can choose from, and how one is named in an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby
from typing import Final

from appointments.availability.free import FARTHEST, free_times
from appointments.models import Appointment
from askpro.queues.errors import Unavailable
from calls.models import Branch, Service, Staff
from notifications.text.places import zone_of

# Days with free times on one page.
MOST_DAYS: Final = 5
# As far as Cal.com is asked at once.
LOOK: Final = timedelta(weeks=4)
# Seconds that a person waits for them.
PATIENCE: Final = 3.0
_FORM: Final = "%Y%m%dT%H%MZ"


@dataclass(frozen=True, slots=True)
class Choices:
    """The days with their free times (by the clocks of the place), and from when there are more; None: no more."""

    days: list[tuple[date, list[datetime]]]
    later: date | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for, and where: with a person, if one was wished for. `unlike` is a time that is no choice."""

    service: Service
    staff: Staff | None
    branch: Branch | None
    zone: tzinfo
    unlike: datetime | None = None


def another_time(appointment: Appointment) -> Wanted:
    """What an appointment can be moved to; where the customer had wished for a person, that person's times.

    Raises `Unavailable` where nothing is known that could be looked for.
    """
    if appointment.service is None:
        raise Unavailable("The appointment has no service.")
    wished = appointment.booking_request.staff if appointment.booking_request else None
    zone, unlike = zone_of(appointment), appointment.starts_at
    return Wanted(appointment.service, wished, appointment.branch, zone, unlike)


def choices(wanted: Wanted, asked_from: str, now: datetime) -> Choices:
    """The first free times from a day on; from today if that makes no sense. Raises what `free_times` raises."""
    zone = wanted.zone
    today, last = now.astimezone(zone).date(), (now + FARTHEST).astimezone(zone).date()
    first = min(max(_day(asked_from) or today, today), last)
    start = datetime.combine(first, time(), zone)
    free = free_times(wanted.service, start, start + LOOK, wanted.staff, patience=PATIENCE, branch=wanted.branch)
    days = _by_day([slot.astimezone(zone) for slot in free if slot != wanted.unlike])
    later = days[MOST_DAYS][0] if len(days) > MOST_DAYS else (start + LOOK).date()
    return Choices(days[:MOST_DAYS], later if later <= last and days else None)


def code(moment: datetime) -> str:
    """A moment as an address names it: `20261203T1300Z`."""
    return moment.astimezone(UTC).strftime(_FORM)


def read(text: str) -> datetime | None:
    """The moment of such a name; None if it is none."""
    try:
        return datetime.strptime(text, _FORM).replace(tzinfo=UTC)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _by_day(moments: Sequence[datetime]) -> list[tuple[date, list[datetime]]]:
    return [(day, list(group)) for day, group in groupby(moments, key=lambda moment: moment.date())]
