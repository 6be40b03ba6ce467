"""Whether our appointments are the bookings at Cal.com: both are listed, and compared one by one."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final, TypeVar

from django.db.models import QuerySet
from django.utils import timezone

from appointments.calcom import client as calcom
from appointments.calcom.booking import Booking, Status
from appointments.calcom.client import Calcom
from appointments.calcom.errors import NotFound
from appointments.models import Appointment, CalcomUid, SyncPoint
from askpro.commands.balance import Finding, Span
from askpro.queues.errors import JobError, RateLimited
from calls.models import Company, Service

Found = TypeVar("Found")

# An appointment in one of these states stands at Cal.com as such a booking.
EXPECTED: Final = {
    Appointment.Status.REQUESTED.value: Status.PENDING,
    **dict.fromkeys((status.value for status in Appointment.AGREED), Status.ACCEPTED),
}
MOST_TRIES: Final = 4
LONGEST_PAUSE: Final = 60.0  # seconds
# The first sync of a company reads from a day before it on.
READ_BEFORE: Final = timedelta(days=1)
SYNC: Final = "sync_calcom --company {company} --now, then balance again"


def findings(span: Span) -> Iterator[Finding]:
    """Every appointment that is not booked there, and every booking that has no appointment here.

    Appointments count that begin from `since` on and, if it is past, before `until`: for what is ahead, `until` says
    nothing. What is changed while the two are compared is left out.
    """
    companies = Company.objects.filter(is_active=True).order_by("pk")
    for company in companies if span.company_id is None else companies.filter(pk=span.company_id):
        try:
            yield from Comparison(company, span).findings()
        except JobError as error:
            yield Finding(
                "cal_com_answers",
                "company",
                company.pk,
                company.slug,
                "Cal.com's list of its bookings",
                str(error),
                f"calcom_connect {company.slug} --dry-run",
            )


class Comparison:
    """One company's appointments beside its bookings at Cal.com."""

    def __init__(self, company: Company, span: Span) -> None:
        self._company, self._span = company, span
        self._began = timezone.now()

    def findings(self) -> Iterator[Finding]:
        event_types = self._event_types()
        ours = {row.calcom_uid: row for row in self._ours()}
        if not event_types and not ours:
            return
        client = calcom.for_company(self._company)
        there = {booking.uid: booking for booking in self._listed(client, event_types)}
        for uid, row in ours.items():
            booking = there.get(uid or "") or _one(client, uid or "")
            if (wrong := _difference(row, booking)) and self._is_unchanged(row):
                yield self._of_ours(row, wrong)
        for booking in there.values():
            if booking.uid not in ours and not booking.ended and (wrong := self._not_ours(booking)):
                yield self._of_theirs(booking, wrong)

    def _event_types(self) -> str:
        services = Service.objects.filter(company=self._company, calcom_event_type_id__isnull=False)
        return ",".join(str(id_) for id_ in services.order_by("pk").values_list("calcom_event_type_id", flat=True))

    def _ours(self) -> QuerySet[Appointment]:
        rows = Appointment.objects.filter(company=self._company, calcom_uid__isnull=False, status__in=EXPECTED)
        rows = rows.filter(starts_at__gte=self._span.since)
        return rows.filter(starts_at__lt=self._until) if self._until else rows

    @property
    def _until(self) -> datetime | None:
        return self._span.until if self._span.until < self._began - READ_BEFORE else None

    def _listed(self, client: Calcom, event_types: str) -> list[Booking]:
        if not event_types:
            return []
        query = {"eventTypeIds": event_types, "afterStart": _written(self._span.since), "sortStart": "asc"}
        # It names the end of a booking, so that one which lasts beyond it is asked for by its uid.
        query |= {"beforeEnd": _written(self._until)} if self._until else {}
        return _patiently(lambda: list(client.list_bookings(query)))

    def _is_unchanged(self, row: Appointment) -> bool:
        same = {"status": row.status, "calcom_uid": row.calcom_uid, "starts_at": row.starts_at}
        return Appointment.objects.filter(pk=row.pk, updated_at__lt=self._began, **same).exists()

    def _not_ours(self, booking: Booking) -> str:
        """What is wrong with a booking that no appointment stands for; empty if nothing is, or somebody knows."""
        if booking.starts_at < self._known_from() or (booking.updated_at or self._began) >= self._began:
            return ""
        known = CalcomUid.objects.filter(company=self._company, uid=booking.uid).select_related("appointment").first()
        if known is not None and known.surplus_since is not None:
            return ""  # Whether it is being cancelled is a rule of our own rows.
        if known is None or known.appointment is None:
            return "AskPro has no appointment for it"
        row = known.appointment
        return f"appointment {row.pk} is {row.status}" if row.updated_at < self._began else ""

    def _known_from(self) -> datetime:
        point = SyncPoint.objects.filter(company=self._company, part=SyncPoint.Part.BOOKINGS).first()
        return ((point and point.began_at) or self._company.created_at) - READ_BEFORE

    def _of_ours(self, row: Appointment, wrong: str) -> Finding:
        expected = f"an {EXPECTED[row.status]} booking at Cal.com at {row.starts_at:%Y-%m-%d %H:%M} UTC"
        return self._finding("an_appointment_is_booked_at_cal_com", "appointment", row.pk, expected, wrong)

    def _of_theirs(self, booking: Booking, wrong: str) -> Finding:
        # Not by its uid, with which anyone could cancel it.
        id_ = booking.id or f"{booking.uid[:4]}…"
        expected = f"an appointment at {booking.starts_at:%Y-%m-%d %H:%M} UTC"
        return self._finding("a_booking_at_cal_com_has_its_appointment", "Cal.com booking", id_, expected, wrong)

    def _finding(self, rule: str, kind: str, id_: int | str, expected: str, wrong: str) -> Finding:
        slug = self._company.slug
        return Finding(rule, kind, id_, slug, expected, wrong, SYNC.format(company=slug))


def _one(client: Calcom, uid: str) -> Booking | None:
    """A booking that the list left out, such as one of an event type that is gone."""
    try:
        return _patiently(lambda: client.get_booking(uid))
    except NotFound:
        return None


def _difference(row: Appointment, booking: Booking | None) -> str:
    if booking is None:
        return "Cal.com has no such booking"
    if booking.status != EXPECTED[row.status]:
        moved = ", moved to another" if booking.rescheduled_to else ""
        return f"it is {booking.status} there{moved}"
    if booking.starts_at != row.starts_at:
        return f"it begins at {booking.starts_at:%Y-%m-%d %H:%M} UTC there"
    return ""


def _patiently(ask: Callable[[], Found]) -> Found:
    """Ask again after the pause that Cal.com, or our own limit for it, wants; a few times."""
    for _ in range(MOST_TRIES - 1):
        try:
            return ask()
        except RateLimited as error:
            time.sleep(min(error.after, LONGEST_PAUSE))
    return ask()


def _written(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
