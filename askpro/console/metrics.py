"""Throughput, failures, run time and waiting age over hours and days: of each queue, and of each kind of job."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from askpro.console import charts, fleet_acts
from askpro.console.charts import Line
from askpro.queues.config import promise, queue_names
from askpro.queues.models import Pause

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# By the name of a range: its length, and the width of one step of a chart.
RANGES = {
    "6h": (timedelta(hours=6), timedelta(minutes=5)),
    "24h": (timedelta(hours=24), timedelta(minutes=20)),
    "7d": (timedelta(days=7), timedelta(hours=2)),
    "30d": (timedelta(days=30), timedelta(hours=12)),
}
OF_QUEUES = """
SELECT queue_name, date_bin(%s, at, %s), sum(completed), sum(failed), sum(seconds),
       sum(run_time * (completed + failed)), max(oldest), max(ready)
  FROM queues_metricssnapshot WHERE queue_name = ANY(%s) AND at >= %s GROUP BY 1, 2
"""
OF_ACTORS = """
SELECT actor_name, date_bin(%s, at, %s), sum(completed), sum(failed), sum(seconds),
       sum(run_time * (completed + failed)), 0, 0
  FROM queues_actorsnapshot WHERE at >= %s AND (%s = '' OR actor_name = %s) GROUP BY 1, 2
"""


@dataclass(slots=True)
class Step:
    """One step of a chart: sums of its snapshots, and the worst of what they saw."""

    completed: int = 0
    failed: int = 0
    seconds: float = 0.0
    took: float = 0.0
    oldest: float = 0.0
    ready: int = 0

    @property
    def runs(self) -> int:
        return self.completed + self.failed

    @property
    def rate(self) -> float:
        """Runs a minute."""
        return self.runs * 60 / self.seconds if self.seconds else 0.0

    @property
    def run_time(self) -> float:
        return self.took / self.runs if self.runs else 0.0


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
        return timedelta(seconds=sum(step.took for step in self.steps.values()) / self.runs) if self.runs else None

    def points(self, what: str) -> list[tuple[datetime, float]]:
        return [(at, float(getattr(step, what))) for at, step in self.steps.items()]

    @property
    def spark(self) -> SafeString:
        return charts.sparkline(self.points("rate"))

    @property
    def throughput(self) -> SafeString:
        failed = [(at, step.failed * 60 / step.seconds if step.seconds else 0.0) for at, step in self.steps.items()]
        return charts.lines([Line("all", "good", self.points("rate")), Line("failed", "bad", failed)], "runs a minute")

    @property
    def run_times(self) -> SafeString:
        return charts.lines([Line("mean", "good", self.points("run_time"))], "s a run")

    @property
    def ages(self) -> SafeString:
        promised = self.promise.total_seconds() if self.promise else None
        return charts.lines([Line("oldest", "good", self.points("oldest"))], "s of waiting", promised)

    @property
    def promise(self) -> timedelta | None:
        return timedelta(seconds=promise(self.name)) if self.name in queue_names() else None


def board(request: HttpRequest) -> dict[str, Any]:
    """The page's context; `actor` in the address leads to one kind of job alone."""
    chosen = request.GET.get("range", "24h")
    chosen = chosen if chosen in RANGES else "24h"
    actor = request.GET.get("actor", "").replace("\x00", "")[:100]
    queues = [] if actor else of_queues(chosen)
    is_empty = not actor and not any(step.seconds for series in queues for step in series.steps.values())
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
    found = {name: Series(name, _grid(first, step)) for name in queue_names()}
    return _fill(found, OF_QUEUES, [step, EPOCH, list(queue_names()), first])


def of_actors(chosen: str, actor: str = "") -> list[Series]:
    """One series for each actor that ran, or for this one alone."""
    first, step = _start(chosen)
    return _fill({}, OF_ACTORS, [step, EPOCH, first, actor, actor], lambda: _grid(first, step))


def _fill(found: dict[str, Series], statement: str, params: Sequence[Any], grid: Any = dict) -> list[Series]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        for name, at, *sums in cursor.fetchall():
            series = found.setdefault(name, Series(name, grid())) if name not in found else found[name]
            series.steps[at] = Step(*sums)
    return list(found.values())


def _start(chosen: str) -> tuple[datetime, timedelta]:
    length, step = RANGES[chosen]
    first = timezone.now() - length
    return first - (first - EPOCH) % step, step


def _grid(first: datetime, step: timedelta) -> dict[datetime, Step]:
    return {at: Step() for at in _moments(first, step)}


def _moments(first: datetime, step: timedelta) -> Iterable[datetime]:
    at, now = first, timezone.now()
    while at <= now:
        yield at
        at += step
