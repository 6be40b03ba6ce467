"""Exchanges with vendors, web requests and webhooks since the beginning."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from prometheus_client.core import Metric

from askpro.metrics.exchange import STORED, VENDORS, Result
from askpro.metrics.exposition.families import added, counter, histogram
from askpro.metrics.models import Figures
from askpro.queues.ledger.database import Connection
from askpro.queues.metrics.histogram import Histogram
from webhooks.models import Provider, RefusedWebhook

# What is summed up and what is not yet, seen by one statement.
READ: Final = """
SELECT kind, name, part, result, company, count, seconds, buckets FROM metrics_total WHERE step = 'ever'
UNION ALL
SELECT kind, name, part, result, company, count, seconds, buckets FROM metrics_delta
"""
# A counter that begins with its first event shows no increase: what may happen is told as 0 before.
AT_THE_DOOR: Final = (STORED, *RefusedWebhook.Reason.values)
Row = tuple[Any, ...]


def families(database: Connection) -> Iterator[Metric]:
    """Each kind by its labels; of companies only the first METRICS_COMPANIES that ever were."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for kind, *row in database.rows(READ):
        rows[kind].append(tuple(row))
    yield from _vendors(rows[Figures.Kind.VENDOR])
    # The console has hundreds of pages: they are told together, and apart in `request_figures`.
    requests = [(row[0].partition(":")[0], *row[1:]) for row in rows[Figures.Kind.REQUEST]]
    took = _histograms(requests, 0, 2)
    yield histogram("askpro_http_request_seconds", "How long web requests took.", ["view", "status"], took)
    nothing = [((provider, result), 0.0) for provider in Provider.values for result in AT_THE_DOOR]
    counts = added([*nothing, *(((row[0], row[2]), row[4]) for row in rows[Figures.Kind.WEBHOOK])])
    yield counter("askpro_webhooks", "Webhooks at the door.", ["provider", "result"], counts)
    lost = added(((), row[4]) for row in rows[Figures.Kind.LOST])
    yield counter("askpro_figures_lost", "Figures that no process had room for.", [], {(): 0.0, **lost})


def _vendors(rows: list[Row]) -> Iterator[Metric]:
    nothing = [((vendor, result.value), 0.0) for vendor in VENDORS for result in Result]
    counts = added([*nothing, *(((row[0], row[2]), row[4]) for row in rows)])
    yield counter("askpro_vendor_requests", "Exchanges with vendors.", ["vendor", "result"], counts)
    told = "How long exchanges with vendors took."
    yield histogram("askpro_vendor_request_seconds", told, ["vendor", "route"], _histograms(rows, 0, 1))
    if settings.METRICS_COMPANIES:
        shown = sorted({row[3] for row in rows} - {0})[: settings.METRICS_COMPANIES]
        theirs = added(((str(row[3]), row[0], row[2]), row[4]) for row in rows if row[3] in shown)
        labels = ["company", "vendor", "result"]
        yield counter("askpro_company_vendor_requests", "Exchanges with vendors, by company.", labels, theirs)


def _histograms(rows: list[Row], *columns: int) -> dict[tuple[str, ...], Histogram]:
    of_key: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        of_key[tuple(row[column] for column in columns)].append(row)
    return {
        key: Histogram(tuple(map(sum, zip(*(row[6] for row in those), strict=True))), sum(row[5] for row in those))
        for key, those in of_key.items()
    }
