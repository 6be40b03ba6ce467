"""Families of Prometheus's metrics, made from rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from askpro.queues.metrics.histogram import Histogram

# What a label says of all that is beyond its cap.
OTHER: Final = "other"

# By the values of the labels, as a tuple. A mapping's type of keys is invariant: no pair of texts is a tuple of texts.
Values = Mapping[Any, float]


def gauge(name: str, told: str, labels: Sequence[str], values: Values) -> Metric:
    family = GaugeMetricFamily(name, told, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def counter(name: str, told: str, labels: Sequence[str], values: Values) -> Metric:
    """`name` without `_total`, which is added."""
    family = CounterMetricFamily(name, told, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def histogram(name: str, told: str, labels: Sequence[str], values: Mapping[Any, Histogram]) -> Metric:
    """In seconds, with the bounds that all of ours have."""
    family = HistogramMetricFamily(name, told, labels=labels)
    for key, each in values.items():
        buckets = [("+Inf" if bound == float("inf") else str(bound), count) for bound, count in each.cumulative()]
        family.add_metric(key, buckets, each.sum)
    return family


def one(name: str, told: str, value: float) -> Metric:
    """A gauge without labels."""
    return GaugeMetricFamily(name, told, value=value)


def added(rows: Iterable[tuple[tuple[str, ...], float]]) -> dict[tuple[str, ...], float]:
    """Values by key; those of equal keys together."""
    found: dict[tuple[str, ...], float] = {}
    for key, value in rows:
        found[key] = found.get(key, 0.0) + value
    return found
