"""Throughput, failures, run time and waiting age over hours and days: of each queue, and of each kind of job."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from askpro.console import charts, fleet_acts
from askpro.console.charts import Line
from askpro.queues.config import promise, queue_names
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.metrics.figures import EPOCH, Figures, job_series
from askpro.queues.metrics.histogram import Histogram
from askpro.queues.models import Pause

# By the name of a range: its length, and the width of one step of a chart.
RANGES = {
    "6h": (timedelta(hours=6), timedelta(minutes=5)),
    "24h": (timedelta(hours=24), timedelta(minutes=20)),
    "7d": (timedelta(days=7), timedelta(hours=2)),
    "30d": (timedelta(days=30), timedelta(hours=12)),
}
WAITED = """
SELECT queue_name, date_bin(%(step)s, at, %(epoch)s), max(oldest), max(ready)
  FROM queues_metricssnapshot WHERE queue_name = ANY(%(queues)s) AND at >= %(first)s GROUP BY 1, 2
"""


@dataclass(slots=True)
class Step:
    """One step of a chart: its runs, its length in seconds, and the worst that snapshots saw in it."""

    figures: Figures
    seconds: float
    oldest: float = 0.0
    ready: int = 0

    @property
    def runs(self) -> int:
        return self.figures.runs

    @property
    def failed(self) -> int:
        return self.figures.failed

    @property
    def rate(self) -> float:
        """Runs a minute."""
        return self.runs * 60 / self.seconds

    @property
    def failed_rate(self) -> float:
        return self.failed * 60 / self.seconds

    @property
    def p50(self) -> float:
        return self.figures.run.quantile(0.5) or 0.0

    @property
    def p95(self) -> float:
        return self.figures.run.quantile(0.95) or 0.0


@dataclass(slots=True)
class Series:
    """A queue's or an actor's steps, by their beginning; the grid is whole, without what nobody has seen."""

    name: str
    steps: dict[datetime, Step] = field(default_factory=dict)

    @property
    def runs(self) -> int:
        return sum(step.runs for step in self.steps.values())

    @property
    def failed(self) -> int:
        return sum(step.failed for step in self.steps.values())

    @property
    def share(self) -> float:
        """Failed runs in a hundred."""
        return 100 * self.failed / self.runs if self.runs else 0.0

    @property
    def run_time(self) -> timedelta | None:
        return _length(self._together.mean)

    @property
    def p50(self) -> timedelta | None:
        return _length(self._together.quantile(0.5))

    @property
    def p95(self) -> timedelta | None:
        return _length(self._together.quantile(0.95))

    @property
    def p99(self) -> timedelta | None:
        return _length(self._together.quantile(0.99))

    def points(self, what: str) -> list[tuple[datetime, float]]:
        return [(at, float(getattr(step, what))) for at, step in self.steps.items()]

    @property
    def spark(self) -> SafeString:
        return charts.sparkline(self.points("rate"))

    @property
    def throughput(self) -> SafeString:
        failed = Line(_("failed"), "bad", self.points("failed_rate"))
        return charts.lines([Line(_("all"), "good", self.points("rate")), failed], _("runs a minute"))

    @property
    def run_times(self) -> SafeString:
        usual = Line(_("half below"), "good", self.points("p50"))
        slow = Line(_("95 % below"), "bad", self.points("p95"))
        return charts.lines([slow, usual], _("s a run"))

    @property
    def ages(self) -> SafeString:
        promised = self.promise.total_seconds() if self.promise else None
        return charts.lines([Line(_("oldest"), "good", self.points("oldest"))], _("s of waiting"), promised)

    @property
    def _together(self) -> Histogram:
        return reduce(Histogram.merged, (step.figures.run for step in self.steps.values()), Histogram())

    @property
    def promise(self) -> timedelta | None:
        return timedelta(seconds=promise(self.name)) if self.name in queue_names() else None


def board(request: HttpRequest) -> dict[str, Any]:
    """The page's context; `actor` in the address leads to one kind of job alone."""
    chosen = request.GET.get("range", "24h")
    chosen = chosen if chosen in RANGES else "24h"
    actor = request.GET.get("actor", "").replace("\x00", "")[:100]
    queues = [] if actor else of_queues(chosen)
    is_empty = not actor and not any(step.runs or step.ready for series in queues for step in series.steps.values())
    actors = sorted(of_actors(chosen, actor), key=lambda series: -series.runs)
    return {
        "ranges": list(RANGES),
        "chosen": chosen,
        "actor": actor,
        "one": actors[0] if actor and actors else None,
        "queues": [] if is_empty else queues,
        "actors": actors,
        "is_empty": is_empty,
        "pause": Pause.objects.filter(kind=Pause.Kind.ACTOR, name=actor).first() if actor else None,
        "may_pause": request.user.has_perm(fleet_acts.PAUSE.permission),
        "may_resume": request.user.has_perm(fleet_acts.RESUME.permission),
    }


def of_queues(chosen: str) -> list[Series]:
    """One series for each declared queue."""
    first, step = _start(chosen)
    told = job_series(first, timezone.now(), step, by="queue")
    series = {name: _series(name, first, step, told.get(name, {})) for name in queue_names()}
    with connection.cursor() as cursor:
        values = {"step": step, "epoch": EPOCH, "queues": list(queue_names()), "first": first}
        for name, at, oldest, ready in DjangoConnection(cursor).rows(WAITED, values):
            if at in series[name].steps:
                series[name].steps[at].oldest, series[name].steps[at].ready = oldest, ready
    return list(series.values())


def of_actors(chosen: str, actor: str = "") -> list[Series]:
    """One series for each actor that ran, or for this one alone."""
    first, step = _start(chosen)
    told = job_series(first, timezone.now(), step, by="actor", actor=actor or None)
    return [_series(name, first, step, figures) for name, figures in told.items()]


def _series(name: str, first: datetime, step: timedelta, told: Mapping[datetime, Figures]) -> Series:
    now = timezone.now()
    steps = {}
    for at in _moments(first, step):
        # The last one is not over.
        length = min(step, now - at) or step
        steps[at] = Step(told.get(at) or Figures(name), length.total_seconds())
    return Series(name, steps)


def _start(chosen: str) -> tuple[datetime, timedelta]:
    length, step = RANGES[chosen]
    first = timezone.now() - length
    return first - (first - EPOCH) % step, step


def _moments(first: datetime, step: timedelta) -> Iterable[datetime]:
    at, now = first, timezone.now()
    while at <= now:
        yield at
        at += step


def _length(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
