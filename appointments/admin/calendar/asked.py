"""What an address of the calendar asks for, read strictly: what it cannot mean is refused, never left out."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.admin.calendar.period import YEARS, Period, View
from appointments.admin.calendar.place import Place
from appointments.models import Appointment
from askpro.console.day_range import read_day
from askpro.console.nonsense import Nonsense
from askpro.console.scope import Scope
from calls.models import Branch, Company

HIDDEN: Final = "hide"
# "7" is a branch, "all-5" a company with all its branches.
_WHERE: Final = re.compile(r"(?P<all>all-)?(?P<key>[0-9]{1,18})", re.ASCII)
# Companies that one can choose from; who sees more of them comes from a company's own page.
MOST_COMPANIES: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """The calendar of a place, perhaps of one person (`staff`, by id), and the addresses of its neighbours."""

    period: Period
    place: Place
    today: date
    staff: int | None = None
    hides_cancelled: bool = False

    def address(self, **other: Any) -> str:
        """The address of this calendar, with other days, another view or another person."""
        query: dict[str, Any] = {
            "view": self.period.view,
            "day": self.period.day.isoformat(),
            "branch": where(self.place.company, self.place.branch),
            "staff": self.staff,
            "cancelled": HIDDEN if self.hides_cancelled else None,
            **other,
        }
        return f"{reverse('admin:calendar')}?{urlencode({name: said for name, said in query.items() if said})}"


def read(request: HttpRequest) -> Asked | None:
    """What is asked for; None where there is no company to show. Raises `Nonsense`."""
    said = request.GET
    place = _place(Scope.of(request.user), said.get("branch", ""))
    if place is None:
        return None
    today = timezone.now().astimezone(place.zone).date()
    period = Period(_view(said.get("view", "")), _day(said.get("day", ""), today))
    return Asked(period, place, today, _number(said.get("staff", "")), said.get("cancelled") == HIDDEN)


def where(company: Company, branch: Branch | None) -> str:
    """How an address names a place."""
    return str(branch.pk) if branch is not None else f"all-{company.pk}"


def choices(scope: Scope) -> list[tuple[Company, list[Branch]]]:
    """The companies, each with its branches, that a person can choose from."""
    companies = scope.rows(Company.objects.filter(is_active=True)).order_by("name", "pk").only("name")
    known = list(companies[:MOST_COMPANIES])
    rows = Branch.objects.filter(company__in=known, is_active=True).order_by("name", "pk").only("name", "company_id")
    of = {company.pk: list[Branch]() for company in known}
    for branch in rows:
        of[branch.company_id].append(branch)
    return [(company, of[company.pk]) for company in known]


def _place(scope: Scope, said: str) -> Place | None:
    companies = scope.rows(Company.objects.defer("calcom_api_key")).order_by("name", "pk")
    if not said:
        active = companies.filter(is_active=True)
        first = active.filter(_has_appointments_today()).first() or active.first()
        return _place_of(first) if first is not None else None
    named = _WHERE.fullmatch(said)
    key = int(named["key"]) if named is not None else None
    is_whole = named is not None and named["all"] is not None
    found = companies.filter(**{"pk" if is_whole else "branches": key}).first() if key is not None else None
    if found is None:
        raise Nonsense(_("There is no such company or branch."))
    return _place_of(found, None if is_whole else key)


def _has_appointments_today() -> Exists:
    """The day is the console's own: which company comes first does not depend on an hour more or less."""
    begins = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    of_day = Appointment.objects.filter(starts_at__gte=begins, starts_at__lt=begins + timedelta(days=1))
    return Exists(of_day.filter(company=OuterRef("pk")).exclude(status=Appointment.Status.CANCELLED))


def _place_of(company: Company, branch: int | None = None) -> Place:
    rows = list(company.branches.order_by("name", "pk"))
    for row in rows:
        row.company = company
    active = tuple(row for row in rows if row.is_active)
    return Place(company, active, next((row for row in rows if row.pk == branch), None))


def _view(said: str) -> View:
    if said and said not in [*View]:
        raise Nonsense(_("A calendar shows a day or a week."))
    return View(said or View.DAY)


def _day(said: str, today: date) -> date:
    if not said:
        return today
    found = read_day(said) if len(said) <= 10 else None
    if found is None or found.year not in YEARS:
        raise Nonsense(_("There is no such day in this calendar. Write it as 29.11.2026 or 2026-11-29."))
    return found


def _number(said: str) -> int | None:
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise Nonsense(_("This address makes no sense."))
    return int(said)
