"""What a page says of an appointment: when, what, with whom, where; nothing of its customer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from appointments.models import Appointment
from appointments.page.wording import Words
from calls.models import Branch
from calls.models.company import Language
from notifications.text import dates
from notifications.text.places import spoken_number, zone_of


@dataclass(frozen=True, slots=True)
class Phone:
    """Where a person answers: as a telephone dials it, and what the button says."""

    number: str
    label: str


def of(appointment: Appointment, language: Language) -> Iterator[tuple[Words, str]]:
    """Label and value of each fact that is known."""
    yield Words.WHEN, span(appointment, language)
    if appointment.service is not None:
        yield Words.WHAT, appointment.service.name
    if appointment.staff is not None:
        yield Words.WITH_WHOM, appointment.staff.name
    if appointment.branch is not None:
        yield Words.WHERE, "\n".join(_place(appointment.branch))


def span(appointment: Appointment, language: Language) -> str:
    """Its day, and from when to when, by the clocks of the place."""
    zone = zone_of(appointment)
    start, end = appointment.starts_at.astimezone(zone), appointment.ends_at.astimezone(zone)
    return f"{dates.date(start, language)}\n{start:%H:%M} – {dates.clock(end, language)}"


def moment(appointment: Appointment, at: datetime, language: Language) -> str:
    """A moment by the clocks of the appointment's place."""
    return dates.moment(at.astimezone(zone_of(appointment)), language)


def phone(branch: Branch | None) -> Phone | None:
    if branch is None or not branch.phone:
        return None
    return Phone(branch.phone, Words.CALL.tell({"number": spoken_number(branch.phone)}))


def _place(branch: Branch) -> Iterator[str]:
    yield branch.name
    if branch.street:
        yield branch.street
    if town := f"{branch.postal_code} {branch.city}".strip():
        yield town
