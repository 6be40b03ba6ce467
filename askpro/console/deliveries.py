"""What became of messages over some days: counted by company, channel and kind, with reasons and costs; as CSV."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext

from askpro.console import display
from askpro.console.day_range import read_day
from askpro.console.scope import Scope
from askpro.console.table import Table
from askpro.language.sentences import tell
from calls.models import Company
from notifications.models import Notification
from notifications.reports.period import Period
from notifications.twilio.errors import Reaction
from notifications.why import Why

PERMISSION: Final = "notifications.view_notification"
# More is read slowly, and by nobody.
MOST_DAYS: Final = 92
LENGTHS: Final = (7, 30, 90)
DEFAULT_LENGTH: Final = 7
MOST_REASONS: Final = 50
Status = Notification.Status


@dataclass(slots=True)
class Counted:
    """Messages by what became of them; `prices` by currency, `unpriced` SMS that were handed over without one."""

    written: int = 0
    waiting: int = 0
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    skipped: int = 0
    segments: int = 0
    unpriced: int = 0
    prices: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, group: dict[str, Any]) -> None:
        count, status = group["count"], group["status"]
        self.written += count
        self.waiting += count if status in Notification.UNSENT else 0
        # What was delivered was sent; so was what failed after the provider had taken it.
        self.sent += group["sent"]
        self.delivered += count if status == Status.DELIVERED else 0
        self.failed += count if status == Status.FAILED else 0
        self.skipped += count if status == Status.SKIPPED else 0
        if group["channel"] == Notification.Channel.SMS:
            self.segments += group["all_segments"] or 0
            self.unpriced += group["sent"] - min(group["priced"], group["sent"])
            if group["all_prices"] is not None:
                self.prices[group["currency"]] += group["all_prices"]

    @property
    def price(self) -> str:
        """What is known of the cost, in each currency that Twilio charged."""
        known = [display.price(amount, currency) for currency, amount in sorted(self.prices.items())]
        if self.unpriced:
            known.append(gettext("%(count)s not known") % {"count": self.unpriced})
        return ", ".join(known) or "–"

    @property
    def cells(self) -> list[Any]:
        counts = [self.written, self.waiting, self.sent, self.delivered, self.failed, self.skipped]
        return [*counts, self.segments or "–", self.price]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the page's form says: days by the console's clocks, and a company, or all that may be seen."""

    period: Period
    company: str

    @property
    def query(self) -> str:
        ends = {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        return urlencode(ends | {"company": self.company})


def board(request: HttpRequest) -> dict[str, Any]:
    """The page's context."""
    companies, chosen = _companies(request), _chosen(request)
    groups = _groups(request, chosen)
    heads = _heads()
    by_company = _table(gettext("By company and channel"), ("company", "channel"), groups, companies, heads)
    by_kind = _table(gettext("By kind"), ("kind", "channel"), groups, companies, heads)
    return {
        "companies": companies,
        "chosen": chosen,
        "lengths": LENGTHS,
        "tables": [by_company, by_kind, _reasons(groups)],
        "words": {
            "lead": gettext("Messages by the day on which they were written, by the console's clocks."),
            "company": gettext("Company"),
            "all": gettext("All companies"),
            "from": gettext("From"),
            "to": gettext("to"),
            "show": gettext("Show"),
            "days": gettext("days"),
        },
    }


def csv_view(request: HttpRequest) -> HttpResponse:
    """The same numbers as a file: a line for each company, channel and kind."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    companies, chosen = _companies(request), _chosen(request)
    counted = _counted(("company", "channel", "kind"), _groups(request, chosen))
    file = StringIO()
    # With a semicolon, as German spreadsheets read it.
    lines = csv.writer(file, delimiter=";")
    lines.writerow(["company", "channel", "kind", *(name for name in Counted.__slots__ if name != "prices"), "price"])
    for (company, channel, kind), numbers in counted.items():
        counts = [getattr(numbers, name) for name in Counted.__slots__ if name != "prices"]
        prices = ", ".join(f"{amount:.5f} {currency}" for currency, amount in sorted(numbers.prices.items()))
        lines.writerow([_harmless(companies.get(company, "")), channel, kind, *counts, prices])
    name = f"messages-{chosen.period.first}-{chosen.period.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse("\ufeff" + file.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def _companies(request: HttpRequest) -> dict[int, str]:
    rows = Scope.of(request.user).rows(Company.objects.order_by("name"))
    return dict(rows.values_list("pk", "name"))


def _chosen(request: HttpRequest) -> Chosen:
    """The days that are asked for, else the last seven."""
    zone = ZoneInfo(timezone.get_current_timezone_name())
    today = timezone.localdate()
    first, last = read_day(request.GET.get("from", "")), read_day(request.GET.get("to", ""))
    if first is None or last is None or first > last:
        first, last = today - timedelta(days=_length(request) - 1), today
    company = request.GET.get("company", "")
    first = max(first, last - timedelta(days=MOST_DAYS - 1))
    return Chosen(Period(first, last, zone), company if company.isascii() and company.isdigit() else "")


def _length(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return next((length for length in LENGTHS if str(length) == asked), DEFAULT_LENGTH)


def _groups(request: HttpRequest, chosen: Chosen) -> list[dict[str, Any]]:
    """The messages of these days, grouped in one query."""
    rows = Scope.of(request.user).rows(Notification.objects.all())
    rows = rows.filter(created_at__gte=chosen.period.start, created_at__lt=chosen.period.end)
    if chosen.company:
        rows = rows.filter(company__in=[pk for pk in _companies(request) if str(pk) == chosen.company])
    groups: Any = rows.values("company", "channel", "kind", "status", "reason", "currency").annotate(
        count=Count("pk"),
        sent=Count("sent_at"),
        all_segments=Sum("segments"),
        all_prices=Sum("price"),
        priced=Count("price"),
    )
    return list(groups.order_by("company", "channel", "kind", "status", "reason", "currency"))


def _counted(keys: tuple[str, ...], groups: Iterable[dict[str, Any]]) -> dict[tuple[Any, ...], Counted]:
    found: dict[tuple[Any, ...], Counted] = defaultdict(Counted)
    for group in groups:
        found[tuple(group[key] for key in keys)].add(group)
    return found


def _table(
    title: str,
    keys: tuple[str, ...],
    groups: list[dict[str, Any]],
    companies: dict[int, str],
    heads: list[str],
) -> Table:
    told: dict[str, Callable[[Any], str]] = {
        "company": lambda pk: companies.get(pk, ""),
        "channel": lambda value: str(Notification.Channel(value).label),
        "kind": lambda value: str(dict(Notification.Kind.choices).get(value, value)),
    }
    names = {"company": gettext("Company"), "channel": gettext("Channel"), "kind": gettext("Kind")}
    counted = _counted(keys, groups)
    rows = [
        [*(told[key](value) for key, value in zip(keys, values, strict=True)), *numbers.cells]
        for values, numbers in counted.items()
    ]
    rows.sort(key=lambda row: (row[0], row[1]))
    columns = tuple(range(len(keys), len(keys) + len(heads)))
    return Table(title, [*(names[key] for key in keys), *heads], rows, gettext("No message."), numbers=columns)


def _heads() -> list[str]:
    return [
        gettext("Written"),
        gettext("Waiting"),
        gettext("Sent"),
        gettext("Delivered"),
        gettext("Failed"),
        gettext("Not sent"),
        gettext("SMS"),
        gettext("Price"),
    ]


def _reasons(groups: list[dict[str, Any]]) -> Table:
    """Why messages failed or were not sent, the most frequent reasons first."""
    counted: dict[tuple[str, str, str], int] = defaultdict(int)
    for group in groups:
        if group["status"] in Notification.REACHES_NOBODY:
            counted[group["status"], group["channel"], group["reason"]] += group["count"]
    language = (get_language() or "en").partition("-")[0]
    frequent = sorted(counted.items(), key=lambda item: -item[1])[:MOST_REASONS]
    rows = [
        [
            str(Status(status).label),
            str(Notification.Channel(channel).label),
            tell(reason, {}, language, Why, Reaction) if reason else "–",
            count,
        ]
        for (status, channel, reason), count in frequent
    ]
    heads = [gettext("State"), gettext("Channel"), gettext("Reason"), gettext("Messages")]
    return Table(gettext("Why not"), heads, rows, gettext("Every message was sent."), numbers=(3,))


def _harmless(name: str) -> str:
    """A name that a spreadsheet takes for a formula is a text again behind an apostrophe."""
    return f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r") else name
