"""The five groups of figures by which operators judge the queues."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from django.db import connection

from askpro.queues.config import queue_names
from askpro.queues.fleet import status
from askpro.queues.fleet.state import SILENT_AFTER, STUCK_AFTER, State
from askpro.queues.ledger.database import Connection, DjangoConnection
from askpro.queues.metrics.figures import MINUTE, Figures, job_figures
from askpro.queues.metrics.waiting import QueueSize, sizes
from askpro.queues.states import LIVING_STATES

WINDOW: Final = timedelta(minutes=5)
# Figures that are older than this no longer count as current: then the window ends now, and shows that nothing is.
FRESH: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ProcessingTime:
    """Seconds of a run, and from ready to started; None when nothing ran."""

    p50: float | None
    p95: float | None
    p99: float | None
    mean: float | None
    wait_p50: float | None
    wait_p95: float | None
    wait_p99: float | None


@dataclass(frozen=True, slots=True)
class FailureRate:
    """Runs that completed or failed, those that failed, and their share (0 to 1); by the class of the error."""

    runs: int
    failed: int
    share: float
    by_class: dict[str, int]


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """How many there are on all hosts. `silent` supervisors have no heartbeat, `stuck` workers no sign of life."""

    supervisors: int
    workers: int
    pools: dict[str, int]
    silent: int
    stuck: int


@dataclass(frozen=True, slots=True)
class Throughput:
    """Jobs a minute."""

    arrived_per_minute: float
    completed_per_minute: float


@dataclass(frozen=True, slots=True)
class QueueMetrics:
    """How the queues stand, and what they did in the last minutes: each group by queue, except the workers."""

    at: datetime
    window_seconds: float
    queue_sizes: dict[str, QueueSize]
    processing_time: dict[str, ProcessingTime]
    failure_rates: dict[str, FailureRate]
    worker_status: WorkerStatus
    throughput: dict[str, Throughput]

    @classmethod
    def get(
        cls, window: timedelta = WINDOW, now: datetime | None = None, *, database: Connection | None = None
    ) -> Self:
        """Read them on Django's connection, or on the one that is given.

        The window begins with a whole minute, and ends where the last fold ended, some seconds ago.
        """
        if database is None:
            with connection.cursor() as cursor:
                return cls._read(DjangoConnection(cursor), window, now or datetime.now(UTC))
        return cls._read(database, window, now or datetime.now(UTC))

    @classmethod
    def _read(cls, database: Connection, window: timedelta, now: datetime) -> Self:
        end, names = _end(database, now), list(queue_names())
        start = (end - window).replace(second=0, microsecond=0)
        found = {str(each.key): each for each in job_figures(start, end, by="queue", database=database)}
        figures = {name: found.get(name) or Figures(name) for name in [*names, *sorted({*found} - {*names})]}
        minutes = (end - start) / MINUTE
        return cls(
            at=now,
            window_seconds=(end - start).total_seconds(),
            queue_sizes=sizes(database, names),
            processing_time={name: _times(each) for name, each in figures.items()},
            failure_rates={
                name: FailureRate(each.runs, each.failed, each.share_failed, each.by_class)
                for name, each in figures.items()
            },
            worker_status=_workers(database),
            throughput={
                name: Throughput(each.arrived / minutes, each.completed / minutes) for name, each in figures.items()
            },
        )

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values; the moment as ISO text."""
        return {**asdict(self), "at": self.at.isoformat()}


def _end(database: Connection, now: datetime) -> datetime:
    """Until when all is counted, if that is not long ago."""
    rows = database.rows("SELECT counted_at FROM queues_metricfold")
    counted_at: datetime = rows[0][0] if rows else now
    return min(now, counted_at) if now - counted_at < FRESH else now


def _times(figures: Figures) -> ProcessingTime:
    run, wait = figures.run, figures.wait
    return ProcessingTime(
        p50=run.quantile(0.5),
        p95=run.quantile(0.95),
        p99=run.quantile(0.99),
        mean=run.mean,
        wait_p50=wait.quantile(0.5),
        wait_p95=wait.quantile(0.95),
        wait_p99=wait.quantile(0.99),
    )


def _workers(database: Connection) -> WorkerStatus:
    rows = status.states(database)
    alive = [state for row, state in rows if row.status in LIVING_STATES and row.silent < SILENT_AFTER]
    silent = [row for row, _ in rows if row.status in LIVING_STATES and row.silent >= SILENT_AFTER]
    return WorkerStatus(
        supervisors=len(alive),
        workers=sum(len(state.workers) for state in alive),
        pools=_pools(alive),
        silent=len(silent),
        stuck=sum(worker.silent >= STUCK_AFTER for state in alive for worker in state.workers.values()),
    )


def _pools(states: list[State]) -> dict[str, int]:
    pools: dict[str, int] = {}
    for state in states:
        for group in state.groups.values():
            pools[group.pool] = pools.get(group.pool, 0) + group.working
    return dict(sorted(pools.items()))
