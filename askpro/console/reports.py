"""A company's numbers over some days: what its owner is mailed, for any period, and as CSV."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from appointments.models import FollowUp
from askpro.console.charts import Chart, Series, Shape
from askpro.console.charts.drawing import Points
from askpro.console.day_range import read_day
from askpro.console.scope import Scope, may_see
from askpro.language.text import Text
from calls.models import Company
from calls.models.company import Language
from notifications.reports import told
from notifications.reports.numbers import by_day, total, waiting
from notifications.reports.period import Period
from notifications.reports.sheet import sheet

PERMISSION: Final = "appointments.view_dailycount"
# More days would be read slowly, and by nobody.
MOST_DAYS: Final = 366
DEFAULT: Final = "week"
RANGES: Final = {
    "today": _("Today"),
    "yesterday": _("Yesterday"),
    "week": _("Last 7 days"),
    "last_week": _("Last week"),
    "month": _("This month"),
    "last_month": _("Last month"),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the page's form says: a company, and a period in its zone."""

    company: Company
    name: str
    period: Period

    @property
    def query(self) -> str:
        first, last = self.period.first.isoformat(), self.period.last.isoformat()
        return urlencode({"company": str(self.company.pk), "from": first, "to": last})


def board(request: HttpRequest) -> dict[str, Any]:
    """The page's context."""
    companies = list(_companies(request))
    chosen = _chosen(request, companies)
    context = {"companies": companies, "ranges": RANGES, "chosen": chosen}
    if chosen is None:
        return context
    numbers = by_day(chosen.company, chosen.period)
    days = [(_moment(day, chosen.period.zone), counted) for day, counted in numbers.items()]
    return context | {
        "facts": list(told.facts(total(numbers), Language(get_language() or settings.LANGUAGE_CODE))),
        "waiting": waiting(chosen.company, timezone.now()) if may_see(request.user, FollowUp) else None,
        "calls": _chart(_("Calls"), [(at, float(counted.calls)) for at, counted in days]),
        "booked": _chart(_("Booked"), [(at, float(counted.booked)) for at, counted in days]),
        "columns": [column.label for column in told.COUNTS],
        "rows": [(at, [getattr(counted, column.value) for column in told.COUNTS]) for at, counted in reversed(days)],
    }


def _chart(title: Text, points: Points) -> Chart:
    return Chart(title, _("a day"), Shape.BARS, [Series(title, points)])


def csv_view(request: HttpRequest) -> HttpResponse:
    """The same numbers as a file, in the company's language."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    chosen = _chosen(request, list(_companies(request)))
    if chosen is None:
        raise Http404
    text = sheet(by_day(chosen.company, chosen.period), Language(chosen.company.language))
    name = f"{chosen.company.slug}-{chosen.period.first}-{chosen.period.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def _companies(request: HttpRequest) -> Any:
    return Scope.of(request.user).rows(Company.objects.defer("calcom_api_key").order_by("name"))


def _chosen(request: HttpRequest, companies: list[Company]) -> Chosen | None:
    """The company that is asked for, else the first; None if there is none, or not this one."""
    asked = request.GET.get("company", "")
    company = next((each for each in companies if asked in ("", str(each.pk))), None)
    if company is None:
        return None
    zone = ZoneInfo(company.timezone)
    today = timezone.now().astimezone(zone).date()
    first, last = read_day(request.GET.get("from", "")), read_day(request.GET.get("to", ""))
    if first is not None and last is not None and first <= last:
        return Chosen(company, "", Period(max(first, last - timedelta(days=MOST_DAYS - 1)), last, zone))
    name = request.GET.get("range", DEFAULT)
    name = name if name in RANGES else DEFAULT
    return Chosen(company, name, Period(*_range(name, today), zone))


def _range(name: str, today: date) -> tuple[date, date]:
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    yesterday, before = today - timedelta(days=1), first - timedelta(days=1)
    ranges = {
        "today": (today, today),
        "yesterday": (yesterday, yesterday),
        "week": (today - timedelta(days=6), today),
        "last_week": (monday - timedelta(days=7), monday - timedelta(days=1)),
        "month": (first, today),
        "last_month": (before.replace(day=1), before),
    }
    return ranges[name]


def _moment(day: date, zone: ZoneInfo) -> Any:
    return Period(day, day, zone).start
