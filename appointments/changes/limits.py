"""What may be changed without a person, decided from our own rows before Cal.com is asked."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from appointments.models import Appointment, Change, Detail
from askpro.language.sentences import Facts
from calls.models.offer import Obstacle

Kind, Status = Change.Kind, Appointment.Status

FARTHEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Objection:
    detail: Detail
    facts: Facts = field(default_factory=dict)


def objection(
    appointment: Appointment, kind: Change.Kind, to: datetime | None, *, may_override: bool = False
) -> Objection | None:
    """Why this cannot be done to it without a person, such as to move it `to` another time; None if it can.

    `may_override`: staff may change it although the company's notice for changes has begun, and move it to a day on
    which the branch is closed.
    """
    if kind not in Change.OF_TIME:
        detail = _against_attendance(appointment) if kind in Change.ATTENDANCE else _against_word(appointment)
        return Objection(detail) if detail is not None else None
    detail = _against_change(appointment, may_override)
    if detail is None and kind == Change.Kind.MOVE and to is not None:
        detail = _against_time(appointment, to)
        if detail is None and not may_override:
            return _against_day(appointment, to)
    return Objection(detail) if detail is not None else None


def holds(appointment: Appointment, kind: Change.Kind, to: datetime | None = None) -> bool:
    """Whether the appointment is as a change of this kind, `to` this time, would make it."""
    if kind == Kind.MOVE:
        return appointment.starts_at == to
    if kind == Kind.CAME:
        is_over = appointment.ends_at <= timezone.now()
        return appointment.status == (Status.COMPLETED if is_over else Status.CONFIRMED)
    made = {Kind.CONFIRM: Status.CONFIRMED, Kind.NO_SHOW: Status.NO_SHOW}
    return appointment.status == made.get(kind, Status.CANCELLED)


def has_begun(appointment: Appointment) -> bool:
    return appointment.starts_at <= timezone.now()


def is_ahead(appointment: Appointment, now: datetime) -> bool:
    """Whether it stands, and has not begun."""
    stands = (Appointment.Status.REQUESTED, Appointment.Status.CONFIRMED)
    return appointment.status in stands and appointment.starts_at > now


def notice_of(appointment: Appointment) -> timedelta:
    """How long before its time customers may change it: the service's notice, else the company's."""
    own = appointment.service.change_notice_minutes if appointment.service is not None else None
    return timedelta(minutes=appointment.company.change_notice_minutes if own is None else own)


def _against_change(appointment: Appointment, may_override: bool) -> Detail | None:
    now = timezone.now()
    if not is_ahead(appointment, now):
        return Detail.CHANGE_OVER
    if appointment.calcom_uid is None and appointment.status != Appointment.Status.REQUESTED:
        return Detail.NO_BOOKING
    service = appointment.service
    if service is not None and Obstacle.SEATS in service.obstacles:
        return Detail.SHARED_TIME
    is_late = appointment.starts_at - now < notice_of(appointment) and not may_override
    return Detail.CHANGE_NOTICE if is_late else None


def _against_word(appointment: Appointment) -> Detail | None:
    """The host is asked by Cal.com, and only until it begins."""
    waits = appointment.status == Appointment.Status.REQUESTED and appointment.calcom_uid is not None
    return None if waits and not has_begun(appointment) else Detail.NOT_ASKED


def _against_attendance(appointment: Appointment) -> Detail | None:
    if not appointment.is_agreed:
        return Detail.NEVER_STOOD
    if appointment.calcom_uid is None:
        return Detail.NO_BOOKING
    return None if has_begun(appointment) else Detail.NOT_BEGUN


def _against_time(appointment: Appointment, to: datetime) -> Detail | None:
    now = timezone.now()
    notice = timedelta(minutes=appointment.service.minimum_notice_minutes if appointment.service else 0)
    if appointment.calcom_uid is None:
        return Detail.NOT_BOOKED_YET
    if to == appointment.starts_at:
        return Detail.SAME_TIME
    if to <= now:
        return Detail.TIME_OVER
    if to - now < notice:
        return Detail.SHORT_NOTICE
    return Detail.TOO_FAR_AHEAD if to - now > FARTHEST else None


def _against_day(appointment: Appointment, to: datetime) -> Objection | None:
    branch = appointment.branch
    if branch is None:
        return None
    day = to.astimezone(branch.zone).date()
    why = branch.closed_on(day, day).get(day)
    return Objection(Detail.CLOSED, {"why": why}) if why else None
