"""Who takes most: run seconds and failures by the ledger, and what took the time by the workers' own count."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from django.db.models import Sum

from askpro.queues.insight.costs import SUMS
from askpro.queues.metrics import job_figures
from askpro.queues.models import RunCost

By = Literal["actor", "queue", "company"]
COLUMNS: Final = {"actor": "actor_name", "queue": "queue_name", "company": "company_id"}


@dataclass(frozen=True, slots=True)
class Consumer:
    """What one kind of job, one queue or one company took; times in seconds.

    runs, failed, seconds  by the ledger
    slow                   runs above their job's `slow`
    sql_…, vendor_…, cpu_seconds   as counted by the workers, so without what died with its process; runs that were put
                           back are in it
    """

    key: str
    runs: int = 0
    failed: int = 0
    seconds: float = 0.0
    slow: int = 0
    sql_seconds: float = 0.0
    sql_count: int = 0
    vendor_seconds: float = 0.0
    vendor_count: int = 0
    cpu_seconds: float = 0.0

    @property
    def mean(self) -> float:
        return self.seconds / self.runs if self.runs else 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def top(by: By, window: timedelta, now: datetime | None = None) -> list[Consumer]:
    """Those with the most run seconds first, over `window` until now, from the whole hour in which it begins on."""
    end = now or datetime.now(UTC)
    start = (end - window).replace(minute=0, second=0, microsecond=0)
    costs = _costs(COLUMNS[by], start, end)
    figures = {str(each.key): each for each in job_figures(start, end, by=by)}
    consumers = [
        Consumer(
            key,
            runs=figures[key].runs if key in figures else 0,
            failed=figures[key].failed if key in figures else 0,
            seconds=figures[key].run.sum if key in figures else 0.0,
            **costs.get(key, {}),
        )
        for key in {*costs, *(key for key, each in figures.items() if each.runs)}
    ]
    return sorted(consumers, key=lambda each: (-max(each.seconds, each.sql_seconds + each.vendor_seconds), each.key))


def _costs(column: str, start: datetime, end: datetime) -> dict[str, dict[str, Any]]:
    rows = RunCost.objects.filter(hour__gte=start, hour__lt=end)
    if column == "company_id":
        rows = rows.exclude(company_id=0)
    sums = rows.order_by().values(column).annotate(**{f"sum_{name}": Sum(name) for name in SUMS})
    return {str(each[column]): {name: each[f"sum_{name}"] for name in SUMS} for each in sums}
