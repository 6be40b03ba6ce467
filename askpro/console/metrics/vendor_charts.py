"""The charts of what was exchanged with vendors."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from askpro.console.charts import Chart, Series, Shape
from askpro.console.metrics.job_charts import said, times
from askpro.console.metrics.period import Period
from askpro.language.text import Text
from askpro.metrics.exchange import Result
from askpro.metrics.figures import Exchanges

# In the order in which they are drawn, with the tone of each.
RESULTS: Final[dict[str, tuple[Text, int]]] = {
    Result.OK: (gettext_lazy("answered"), 1),
    Result.REFUSED: (gettext_lazy("refused"), 6),
    Result.THROTTLED: (gettext_lazy("too many"), 2),
    Result.UNAVAILABLE: (gettext_lazy("not available"), 3),
    Result.UNKNOWN: (gettext_lazy("outcome unknown"), 4),
    Result.KEY_REFUSED: (gettext_lazy("key refused"), 5),
    Result.OUT_OF_CREDIT: (gettext_lazy("out of credit"), 5),
    Result.HURRIED: (gettext_lazy("no time to wait"), 6),
}
Steps = Mapping[datetime, Exchanges]


def vendor_charts(steps: Steps, period: Period) -> list[Chart]:
    """Requests by what came of them, those that failed alone, and the times until the answer."""
    return [
        _results(_("Requests"), _("requests by result, in each %(step)s"), steps, period, [*RESULTS]),
        _results(_("Failures"), _("requests that failed, in each %(step)s"), steps, period, [*RESULTS][2:-1]),
        times(
            _("Time to answer"),
            _("of all requests"),
            period,
            lambda at: steps[at].took if at in steps else None,
        ),
    ]


def _results(title: str, unit: str, steps: Steps, period: Period, wanted: list[str]) -> Chart:
    """Without the results that never came, unless none did."""
    total: Counter[str] = Counter()
    for each in steps.values():
        total.update(each.by_result)
    came = [result for result in wanted if total[result]] or wanted[:1]
    series = [Series(*_points(result, steps, period)) for result in came]
    return Chart(title, unit % said(period), Shape.BARS, series)


def _points(result: str, steps: Steps, period: Period) -> tuple[Text, list[tuple[datetime, float | None]], int]:
    name, tone = RESULTS[result]
    counts: list[tuple[datetime, float | None]] = [
        (at, float(steps[at].by_result.get(result, 0)) if at in steps else 0.0) for at in period.moments
    ]
    return name, counts, tone
