"""The day's appointments, by branch and time, and those that wait for the host's yes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from appointments.models import Appointment
from askpro.console import display, masking
from askpro.console.scope import Scope
from askpro.console.today.day import Day
from askpro.console.today.reach import by_company, first

Status = Appointment.Status
# A longer day is shown from now on; the calendar has it whole.
MOST: Final = 40
MOST_UNCONFIRMED: Final = 5
RELATED: Final = ("company", "branch", "customer", "service", "staff")
HEAVY: Final = ("notes", "company__calcom_api_key")


@dataclass(frozen=True, slots=True)
class Line:
    row: Appointment

    @property
    def who(self) -> Any:
        """As at Cal.com, else by the customer's row."""
        if self.row.attendee_name or self.row.customer is None:
            return display.name(self.row.attendee_name)
        return display.person(self.row.customer)

    @property
    def what(self) -> str:
        """The service, with whom, and where both are not known, nothing."""
        service, staff = str(self.row.service or ""), str(self.row.staff or "")
        if service and staff:
            return _("%(service)s with %(staff)s") % {"service": service, "staff": staff}
        return service or staff

    @property
    def number(self) -> str:
        """What to call; empty for who may not read it either."""
        customer = self.row.customer
        return "" if masking.is_masked() else self.row.attendee_phone or (customer.sms_number if customer else "")


@dataclass(frozen=True, slots=True)
class Place:
    """A branch, or a company where it is not known which."""

    name: str
    lines: list[Line] = field(default_factory=list)


def of_day(scope: Scope, day: Day) -> QuerySet[Appointment]:
    """What takes place that day, or shall."""
    rows = by_company(scope, Appointment.objects.filter(starts_at__gte=day.start, starts_at__lt=day.end))
    return rows.exclude(status=Status.CANCELLED)


def agenda(scope: Scope, day: Day, *, is_long: bool) -> list[Place]:
    rows = of_day(scope, day)
    if is_long:
        rows = rows.filter(ends_at__gt=day.now)
    shown = first(rows, MOST, "starts_at", "pk").select_related(*RELATED).defer(*HEAVY)
    return list(_places(shown, scope))


def unconfirmed(scope: Scope, now: datetime) -> QuerySet[Appointment]:
    """Booked at Cal.com, where the host has not said yes, and still to come."""
    return scope.rows(Appointment.objects.filter(Appointment.WAITS_FOR_HOST, starts_at__gt=now))


def to_confirm(scope: Scope, now: datetime) -> list[Line]:
    shown = first(unconfirmed(scope, now), MOST_UNCONFIRMED, "starts_at", "pk")
    return [Line(row) for row in shown.select_related(*RELATED).defer(*HEAVY)]


def _places(rows: QuerySet[Appointment], scope: Scope) -> Iterator[Place]:
    def name(row: Appointment) -> str:
        branch = row.branch.name if row.branch else ""
        if scope.is_single and branch:
            return branch
        return f"{row.company.name}, {branch}" if branch else row.company.name

    for held, lines in groupby(sorted(rows, key=name), key=name):
        yield Place(held, [Line(row) for row in lines])
