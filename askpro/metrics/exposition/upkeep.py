"""Whether AskPro looks after itself: canaries, retention, and how large it has grown."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from prometheus_client.core import Metric

from askpro.health import storage
from askpro.health.canaries import canaries
from askpro.health.storage import ClassFigures
from askpro.metrics.exposition.families import Values, counter, gauge
from askpro.queues.ledger.database import Connection


def families(database: Connection) -> Iterator[Metric]:
    """Ages in seconds, moments in Unix time, sizes in bytes."""
    found = canaries(database, datetime.now(UTC))
    ages = {(queue,): canary.age for queue, canary in found.items() if canary.age is not None}
    told = "For how long no canary has come through that could have."
    yield gauge("askpro_canary_age_seconds", told, ["queue"], ages)
    stored = storage.figures(database)
    yield from _retention(stored.classes)
    sizes = {(table,): float(size) for table, size in stored.tables.items()}
    yield gauge("askpro_table_bytes", "Size of a table with its indexes and its parts.", ["table"], sizes)


def _retention(classes: Mapping[str, ClassFigures]) -> Iterator[Metric]:
    def each(value: Callable[[ClassFigures], float | None]) -> Values:
        return {(name,): found for name, figures in classes.items() if (found := value(figures)) is not None}

    label = ["class"]
    deleted, blanked = each(lambda of: float(of.deleted)), each(lambda of: float(of.blanked))
    yield counter("askpro_retention_deleted_rows", "Rows that retention has deleted.", label, deleted)
    yield counter("askpro_retention_blanked_rows", "Rows that retention has blanked.", label, blanked)
    told = "Rows that are over their time and are there still."
    yield gauge("askpro_retention_overdue_rows", told, label, each(lambda of: float(of.kept)))
    told = "When all of a class was last read, in Unix time."
    ended = each(lambda of: of.ended_at.timestamp() if of.ended_at else None)
    yield gauge("askpro_retention_ended_timestamp_seconds", told, label, ended)
    oldest = each(lambda of: of.oldest_at.timestamp() if of.oldest_at else None)
    yield gauge(
        "askpro_retention_oldest_timestamp_seconds", "From when the oldest row is, in Unix time.", label, oldest
    )
