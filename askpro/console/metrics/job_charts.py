"""The charts of what jobs did."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.db import connection
from django.utils.translation import gettext as _

from askpro.console import display
from askpro.console.charts import Chart, Series, Shape, scale
from askpro.console.metrics.measured import Measured
from askpro.console.metrics.period import Period
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.metrics.figures import Figures
from askpro.queues.metrics.histogram import Histogram

# Classes of errors with a colour of their own; the others share one.
MOST_CLASSES: Final = 4
CLASS_TONES: Final = (3, 2, 4, 5)
GOOD, BAD, REST = 1, 3, 6
SHARES: Final = ((0.5, 1), (0.95, 2), (0.99, 3))
WAITED: Final = """
SELECT date_bin(%(step)s, at, %(start)s), max(oldest)
  FROM queues_metricssnapshot WHERE queue_name = %(queue)s AND at >= %(start)s AND at < %(end)s GROUP BY 1
"""
Steps = Mapping[datetime, Figures]


def job_charts(steps: Steps, period: Period, measured: Measured, promise: float | None = None) -> list[Chart]:
    """Throughput, failures by class, and the times of runs and of waiting; `promise` is a queue's, in seconds."""
    return [
        throughput(steps, period, measured),
        failures(steps, period, measured),
        times(_("Run time"), _("of runs that ended"), period, lambda at: steps[at].run if at in steps else None),
        times(
            _("Waiting time"),
            _("from ready to started"),
            period,
            lambda at: steps[at].wait if at in steps else None,
            promise,
        ),
    ]


def throughput(steps: Steps, period: Period, measured: Measured) -> Chart:
    completed = _counts(steps, period, measured, lambda figures: figures.completed)
    failed = _counts(steps, period, measured, lambda figures: figures.failed)
    series = [Series(_("completed"), completed, GOOD), Series(_("failed"), failed, BAD)]
    return Chart(_("Throughput"), _("runs in each %(step)s") % said(period), Shape.BARS, series, gap=not_measured())


def failures(steps: Steps, period: Period, measured: Measured) -> Chart:
    """Failed runs by the class of their error, the most frequent at the bottom."""
    total: Counter[str] = Counter()
    for figures in steps.values():
        total.update(figures.by_class)
    named = [name for name, _count in total.most_common(MOST_CLASSES)]
    series = [
        Series(_short(name), _counts(steps, period, measured, _of_class(name)), tone)
        for name, tone in zip(named, CLASS_TONES, strict=False)
    ]
    if len(total) > len(named) or not named:
        words = _("other errors") if named else _("failed")
        series.append(Series(words, _counts(steps, period, measured, _of_others(named)), REST))
    return Chart(
        _("Failures"),
        _("failed runs by error, in each %(step)s") % said(period),
        Shape.BARS,
        series,
        gap=not_measured(),
    )


def times(
    title: str,
    unit: str,
    period: Period,
    measured_at: Callable[[datetime], Histogram | None],
    limit: float | None = None,
) -> Chart:
    """The times that half, 95 and 99 per cent did not exceed. A step without any has no value."""
    found = {at: measured_at(at) for at in period.moments}
    series = [
        Series(
            f"p{round(share * 100)}",
            [(at, None if histogram is None else histogram.quantile(share)) for at, histogram in found.items()],
            tone,
        )
        for share, tone in SHARES
    ]
    return Chart(title, unit, Shape.LINES, series, scale.durations, limit)


def oldest(queue: str, period: Period, promise: float | None) -> Chart:
    """How long the oldest ready job of a queue had waited, by the snapshots that the chores take every five minutes."""
    values = {"queue": queue, "step": period.step, "start": period.start, "end": period.end}
    with connection.cursor() as cursor:
        found = dict(DjangoConnection(cursor).rows(WAITED, values))
    points = [(at, found.get(at)) for at in period.moments]
    title, unit = _("Oldest ready job"), _("how long it had waited, at worst")
    series = [Series(_("oldest"), points, GOOD)]
    return Chart(title, unit, Shape.LINES, series, scale.durations, promise, not_measured())


def said(period: Period) -> dict[str, str]:
    """How long a step is, for the units of charts."""
    return {"step": display.duration(period.step)}


def not_measured() -> str:
    return _("nothing was measured")


def _counts(
    steps: Steps, period: Period, measured: Measured, count: Callable[[Figures], int]
) -> list[tuple[datetime, float | None]]:
    def value(at: datetime) -> float | None:
        if at in steps:
            return float(count(steps[at]))
        return 0.0 if measured.covers(at, period.step) else None

    return [(at, value(at)) for at in period.moments]


def _of_class(name: str) -> Callable[[Figures], int]:
    return lambda figures: figures.by_class.get(name, 0)


def _of_others(named: list[str]) -> Callable[[Figures], int]:
    return lambda figures: figures.failed - sum(figures.by_class.get(name, 0) for name in named)


def _short(name: str) -> str:
    return name.rpartition(".")[2] or _("unknown error")
