"""What this side knows to be taken before Cal.com says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from appointments.availability.slots import Slots
from appointments.models import Appointment
from calls.models import Service, Staff


@dataclass(frozen=True, slots=True)
class _Held:
    """A time that an appointment takes; `host` is None where nobody knows whose."""

    host: int | None
    starts_at: datetime
    ends_at: datetime
    is_reservation: bool


def without(
    found: Slots,
    service: Service,
    staff: Staff | None,
    ignoring: Appointment | None = None,
    *,
    is_theirs: bool = False,
) -> list[datetime]:
    """The starts at which a host is left, or the wished one.

    Cal.com's word about bookings counts as long as it is fresh. It knows nothing of reservations, for which it is just
    being asked, and does not say whose time a team's start is, unless it was asked for this person's (`is_theirs`):
    there our own rows decide.
    """
    if not found.starts:
        return []
    length = timedelta(minutes=service.duration_minutes)
    hosts = set(service.staff.filter(is_active=True).values_list("pk", flat=True))
    asked = {staff.pk} if staff else hosts
    held = _held(service, hosts | asked, found.starts[0], found.starts[-1] + length, ignoring)
    # A single host is known to Cal.com as well as here: its fresh word about the bookings is newer than our rows.
    is_trusted = found.is_fresh and (staff is None or is_theirs or hosts <= asked)
    return [start for start in found.starts if _is_left(_during(held, start, start + length), asked, is_trusted)]


def _is_left(held: Sequence[_Held], hosts: set[int], is_trusted: bool) -> bool:
    """Whether one of the hosts is left. A reservation for whoever is free takes one of them."""
    concerned = [each for each in held if each.host is None or each.host in hosts]
    if is_trusted and not any(each.is_reservation for each in concerned):
        return True
    anybodys = sum(each.host is None for each in concerned)
    busy = {each.host for each in concerned if each.host is not None}
    # A service without known hosts has one at least.
    return max(len(hosts), 1) - len(busy) > anybodys


def _held(
    service: Service, hosts: set[int], begin: datetime, end: datetime, ignoring: Appointment | None
) -> list[_Held]:
    whose = Q(staff__in=hosts) | Q(service=service)
    active = Q(status__in=(Appointment.Status.REQUESTED, Appointment.Status.CONFIRMED))
    rows = Appointment.objects.filter(
        active, whose, company_id=service.company_id, starts_at__lt=end, ends_at__gt=begin
    )
    return [_held_by(row, hosts) for row in rows if ignoring is None or row.pk != ignoring.pk]


def _held_by(row: Appointment, hosts: set[int]) -> _Held:
    reserved = row.status == Appointment.Status.REQUESTED and row.calcom_uid is None
    return _Held(row.staff_id if row.staff_id in hosts else None, row.starts_at, row.ends_at, reserved)


def _during(held: Sequence[_Held], begin: datetime, end: datetime) -> list[_Held]:
    return [each for each in held if each.starts_at < end and each.ends_at > begin]
