"""What jobs did since the beginning."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from prometheus_client.core import Metric

from askpro.metrics import job_totals
from askpro.metrics.exposition.families import OTHER, added, counter, histogram
from askpro.queues.ledger.database import Connection
from askpro.queues.metrics.histogram import Histogram

# Classes of errors that are told apart. The first ones that ever were: a counter's labels must not change.
MOST_ERRORS: Final = 100
COUNTERS: Final = {
    "completed": "Runs that completed their job.",
    "failed": "Runs that failed, for good or not.",
    "cancelled": "Runs that a cancellation ended.",
    "dead": "Jobs that gave up.",
}
COMPANIES: Final = "SELECT DISTINCT company FROM metrics_jobtotal WHERE company <> 0 ORDER BY company LIMIT %s"
ERRORS: Final = "SELECT about FROM metrics_jobtotal WHERE what = 'failed' AND company = 0 GROUP BY 1 ORDER BY min(id)"


def families(database: Connection) -> Iterator[Metric]:
    """Runs by how they ended, the time they took, and the time their jobs had waited."""
    companies = [row[0] for row in database.rows(COMPANIES, [settings.METRICS_COMPANIES])]
    rows = job_totals.read(database, companies)
    ours = [row for row in rows if row[3] == 0]
    # A counter that begins with its first event shows no increase: what has run is told as 0 before.
    nothing = dict.fromkeys({(row[1], row[2]) for row in ours if row[0] in COUNTERS}, 0.0)
    for what, told in COUNTERS.items():
        counts = nothing | _counts(ours, what, 1, 2)
        yield counter(f"askpro_jobs_{what}", told, ["queue", "actor"], counts)
    yield counter("askpro_job_errors", "Failed runs by the class of their error.", ["error"], _errors(database, ours))
    runs = _histograms(ours, ("completed", "failed"), 1, 2)
    yield histogram("askpro_job_run_seconds", "How long runs took.", ["queue", "actor"], runs)
    waits = _histograms(ours, ("wait",), 1)
    yield histogram("askpro_job_wait_seconds", "How long ready jobs waited for a worker.", ["queue"], waits)
    if settings.METRICS_COMPANIES:
        theirs = [row for row in rows if row[3] != 0]
        for what in ("completed", "failed"):
            values = _counts(theirs, what, 3)
            yield counter(f"askpro_company_jobs_{what}", f"{COUNTERS[what][:-1]}, by company.", ["company"], values)


def _counts(rows: list[tuple[Any, ...]], what: str, *columns: int) -> dict[tuple[str, ...], float]:
    return added((tuple(str(row[column]) for column in columns), row[6]) for row in rows if row[0] == what)


def _errors(database: Connection, rows: list[tuple[Any, ...]]) -> dict[tuple[str, ...], float]:
    known = {about for (about,) in database.rows(ERRORS)[:MOST_ERRORS]}
    return added(((row[4] if row[4] in known else OTHER,), row[6]) for row in rows if row[0] == "failed")


def _histograms(rows: list[tuple[Any, ...]], whats: tuple[str, ...], *columns: int) -> dict[tuple[str, ...], Histogram]:
    buckets: dict[tuple[str, ...], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    totals: dict[tuple[str, ...], float] = defaultdict(float)
    for row in rows:
        if row[0] in whats:
            key = tuple(str(row[column]) for column in columns)
            buckets[key][row[5]] += row[6]
            totals[key] += row[7]
    return {key: Histogram.from_buckets(buckets[key], totals[key]) for key in buckets}
