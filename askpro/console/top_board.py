"""Who takes most of the workers' time: kinds of job, queues or companies over hours and days."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from askpro.queues.insight.top import By, Consumer, top
from calls.models import Company

RANGES = {
    "1h": (gettext_lazy("Hour"), timedelta(hours=1)),
    "24h": (gettext_lazy("24 hours"), timedelta(hours=24)),
    "7d": (gettext_lazy("7 days"), timedelta(days=7)),
    "30d": (gettext_lazy("30 days"), timedelta(days=30)),
}
KINDS: dict[str, By] = {kind: kind for kind in get_args(By)}
MOST = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One consumer under the name that people know, and its part of all run seconds in a hundred."""

    name: str
    of: Consumer
    part: float

    @property
    def seconds(self) -> timedelta:
        return timedelta(seconds=self.of.seconds)

    @property
    def mean(self) -> timedelta:
        return timedelta(seconds=self.of.mean)

    @property
    def sql(self) -> timedelta:
        return timedelta(seconds=self.of.sql_seconds)

    @property
    def vendors(self) -> timedelta:
        return timedelta(seconds=self.of.vendor_seconds)

    @property
    def computing(self) -> timedelta:
        return timedelta(seconds=self.of.cpu_seconds)


def board(request: HttpRequest) -> dict[str, Any]:
    """The page's context."""
    chosen = request.GET.get("range", "24h")
    chosen = chosen if chosen in RANGES else "24h"
    by: By = KINDS.get(request.GET.get("by", ""), "actor")
    consumers = top(by, RANGES[chosen][1])
    return {
        "ranges": [(name, label) for name, (label, _length) in RANGES.items()],
        "chosen": chosen,
        "kinds": list(KINDS),
        "by": by,
        "head": {"actor": _("Job"), "queue": _("Queue"), "company": _("Company")}[by],
        "lines": _lines(consumers, by),
        "more": max(len(consumers) - MOST, 0),
    }


def _lines(consumers: list[Consumer], by: By) -> list[Line]:
    total = sum(each.seconds for each in consumers)
    shown = consumers[:MOST]
    names: dict[str, str] = {}
    if by == "company":
        keys = [each.key for each in shown if each.key.isdecimal()]
        names = {str(key): name for key, name in Company.objects.filter(pk__in=keys).values_list("pk", "name")}
    return [Line(names.get(each.key, each.key), each, 100 * each.seconds / total if total else 0.0) for each in shown]
