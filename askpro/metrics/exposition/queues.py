"""How the queues stand."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from prometheus_client.core import Metric

from askpro.metrics.exchange import VENDORS
from askpro.metrics.exposition.families import gauge, one
from askpro.queues.config import promise, queue_names
from askpro.queues.fleet import status
from askpro.queues.fleet.state import SILENT_AFTER
from askpro.queues.ledger.database import Connection
from askpro.queues.metrics import QueueMetrics, job_figures
from askpro.queues.metrics.waiting import REASONS
from askpro.queues.states import LIVING_STATES

WINDOW: Final = timedelta(hours=1)
COUNTED: Final = "SELECT extract(epoch FROM max(counted_at))::float8 FROM queues_metricfold"


def families(database: Connection) -> Iterator[Metric]:
    """Sizes, ages and promises of queues, what is paused, who works, and what waits for vendors."""
    now = datetime.now(UTC)
    found = QueueMetrics.get(now=now, database=database)
    sizes, label = found.queue_sizes, ["queue"]
    for name, told in {
        "ready": "Jobs that a worker could take now.",
        "running": "Jobs that a worker holds.",
        "later": "Jobs that wait for their time, the first or the next.",
        "dead": "Jobs that gave up and were neither retried nor forgotten.",
    }.items():
        values = {(queue,): float(getattr(size, name)) for queue, size in sizes.items()}
        yield gauge(f"askpro_queue_jobs_{name}", told, label, values)
    waiting = {
        (queue, reason): float(size.waiting.get(reason, 0)) for queue, size in sizes.items() for reason in REASONS
    }
    yield gauge("askpro_queue_jobs_waiting", "Jobs that wait for something else.", ["queue", "reason"], waiting)
    yield gauge(
        "askpro_queue_oldest_ready_seconds",
        "How long the oldest ready job has been ready.",
        label,
        {(queue,): size.oldest_ready_seconds for queue, size in sizes.items()},
    )
    yield gauge(
        "askpro_queue_oldest_waiting_seconds",
        "How long the oldest job has waited for something else.",
        label,
        {(queue,): size.oldest_waiting_seconds for queue, size in sizes.items()},
    )
    yield gauge(
        "askpro_queue_promise_seconds",
        "How old the oldest ready job may get.",
        label,
        {(queue,): float(promise(queue)) for queue in queue_names()},
    )
    yield gauge(
        "askpro_queue_arrivals_per_minute",
        "Jobs sent a minute, over the last minutes.",
        label,
        {(queue,): each.arrived_per_minute for queue, each in found.throughput.items()},
    )
    yield from _paused(database)
    yield from _vendors(database)
    yield from _fleet(database, found)
    yield from _memory(database, now)


def _paused(database: Connection) -> Iterator[Metric]:
    rows = database.rows(status.PAUSES)
    paused = {name for kind, name, *_ in rows if kind == "queue"}
    told = "1 while people have paused the queue."
    yield gauge("askpro_queue_paused", told, ["queue"], {(name,): float(name in paused) for name in queue_names()})
    jobs = sum(kind == "actor" for kind, *_ in rows)
    yield one("askpro_actors_paused", "Kinds of jobs that people have paused.", float(jobs))


def _vendors(database: Connection) -> Iterator[Metric]:
    """A gate's name holds a key's fingerprint: all keys of a vendor together."""
    shut: dict[tuple[str, ...], float] = defaultdict(float)
    waiting: dict[tuple[str, ...], float] = defaultdict(float)
    for name in VENDORS:
        shut[(name,)] = waiting[(name,)] = 0.0
    for gate in status.gates(database):
        vendor = (gate.name.partition(":")[0],)
        shut[vendor] += gate.shut_until is not None
        waiting[vendor] += gate.waiting
    yield gauge("askpro_vendor_gates_shut", "Keys whose requests wait: the vendor failed.", ["vendor"], shut)
    yield gauge("askpro_vendor_jobs_waiting", "Jobs that wait until a request may be made.", ["vendor"], waiting)


def _fleet(database: Connection, found: QueueMetrics) -> Iterator[Metric]:
    workers = found.worker_status
    states = {("alive",): float(workers.supervisors), ("silent",): float(workers.silent)}
    yield gauge("askpro_supervisors", "Hosts that work the queues, by their heartbeat.", ["state"], states)
    pools = {(pool,): float(count) for pool, count in workers.pools.items()}
    yield gauge("askpro_workers", "Worker processes.", ["pool"], pools)
    yield one("askpro_workers_stuck", "Worker processes without a sign of life.", float(workers.stuck))
    memory = [
        worker.memory * 1e6
        for row, state in status.states(database)
        for worker in state.workers.values()
        if row.status in LIVING_STATES and row.silent < SILENT_AFTER
    ]
    yield one("askpro_workers_memory_bytes", "Private memory of all workers.", sum(memory))
    yield one("askpro_worker_memory_largest_bytes", "Private memory of the largest worker.", max(memory, default=0.0))
    ((counted,),) = database.rows(COUNTED)
    told = "Until when runs are counted, in Unix time."
    yield one("askpro_jobs_counted_until_timestamp_seconds", told, counted or 0.0)


def _memory(database: Connection, now: datetime) -> Iterator[Metric]:
    grown = {
        (str(each.key),): each.memory
        for each in job_figures(now - WINDOW, now, by="actor", database=database)
        if each.memory is not None
    }
    told = "By how much a process grew with one run, on average over the last hour."
    yield gauge("askpro_job_memory_growth_bytes", told, ["actor"], grown)
