"""What `/metrics` tells, by the names under which Prometheus keeps it."""

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as of_openmetrics
from prometheus_client.parser import text_string_to_metric_families as of_text

from askpro.metrics.exposition import scrape

ENDINGS = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def families() -> dict[str, Metric]:
    """Every family that is told now, by its name."""
    return {family.name: family for family in scrape.known()}


def series() -> dict[str, set[str]]:
    """The labels of each series by its name, whether it has values now or not."""
    found = {}
    for family in families().values():
        for ending in ENDINGS[family.type]:
            labels = set(family._labelnames) | ({"le"} if ending == "_bucket" else set())  # type: ignore[attr-defined]
            found[family.name + ending] = labels
    return found


def parsed(text: str, content_type: str) -> dict[str, Metric]:
    """The families of an answer, read as Prometheus reads them."""
    read = of_openmetrics if content_type.startswith("application/openmetrics-text") else of_text
    return {family.name: family for family in read(text)}


def values(found: Iterable[Metric], name: str) -> dict[tuple[str, ...], float]:
    """The values of a series by its labels' values, in the order of the labels' names."""
    samples = [sample for family in found for sample in family.samples if sample.name == name]
    return {tuple(value for _, value in sorted(sample.labels.items())): sample.value for sample in samples}


def rows() -> list[str]:
    """The table of docs/metrics.md."""
    return [
        f"| `{family.name}{ENDINGS[family.type][0] if family.type == 'counter' else ''}` | {family.type} "
        f"| {', '.join(f'`{label}`' for label in family._labelnames)} | {family.documentation} |"  # type: ignore[attr-defined]
        for family in families().values()
    ]
