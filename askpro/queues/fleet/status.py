"""What the fleet and the queues look like now: the numbers behind `queues_status`."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from askpro.queues.config import promise, queue_names
from askpro.queues.fleet.backlog import Backlog, backlogs
from askpro.queues.fleet.state import SILENT_AFTER, State, rate_of
from askpro.queues.ledger.database import Connection
from askpro.queues.states import LATER, LATER_STATES, LIVING, LIVING_STATES

# Exit codes, the same as Horizon's.
RUNNING, PAUSED, INACTIVE = 0, 1, 2
WORDS = {RUNNING: "running", PAUSED: "paused", INACTIVE: "inactive"}
SUPERVISORS = f"""
SELECT id::int, host, pid, environment, code_version, status,
       extract(epoch FROM clock_timestamp() - beat_at)::float8, state::text
  FROM queues_supervisor
 WHERE status IN {LIVING}
    OR status = 'dead' AND beat_at > clock_timestamp() - interval '1 hour'
 ORDER BY host, id
"""
# The console stops counting here, over all queues: a million rows take a second, at every page. `queues_status` counts
# to the end, because behind many jobs of one queue the few of another may be missed.
MOST_WAITING = 20_000
COUNTS = f"""
SELECT queue_name, status, count(*) FROM (
    SELECT queue_name, status FROM queues_job_live WHERE status IN {LATER} LIMIT %(most)s) AS waiting GROUP BY 1, 2
UNION ALL
SELECT queue_name, 'running', count(*) FROM queues_job_live WHERE status = 'processing' GROUP BY 1
UNION ALL
SELECT queue_name, 'dead', count(*) FROM (
    SELECT queue_name FROM queues_job WHERE status = 'dead' LIMIT %(most)s) AS dead GROUP BY 1
UNION ALL
SELECT queue_name, 'dead_lately', count(*) FROM queues_job
 WHERE status = 'dead' AND finished_at > clock_timestamp() - interval '1 hour' GROUP BY 1
"""
# The promise of a queue that has jobs, but that the settings do not name, or no longer name.
UNDECLARED_PROMISE = 60.0
PAUSES = """
SELECT kind, name, until, by FROM queues_pause WHERE until IS NULL OR until > clock_timestamp() ORDER BY kind, name
"""
GATES = """
SELECT name, shut_since, shut_until, reason, waiting FROM queues_gate AS gate, LATERAL (
    SELECT count(*)::int AS waiting FROM queues_job_live AS job
     WHERE job.gate = gate.name AND job.status || '' = 'released' OFFSET 0) AS those
 WHERE shut_until IS NOT NULL OR waiting > 0 ORDER BY name
"""
EVENTS = "SELECT at, kind, text FROM queues_fleetevent ORDER BY id DESC LIMIT 20"


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """One queue. Times in seconds, `rate` in runs per second. Ready jobs are counted up to ten thousand. `later` are
    the scheduled, retrying and released ones; `dead_lately` died within the last hour; `pools` are those that work the
    queue.
    """

    name: str
    ready: int
    oldest: float
    promise: float
    running: int
    later: int
    dead: int
    processes: int
    rate: float
    run_time: float
    scheduled: int = 0
    retrying: int = 0
    released: int = 0
    dead_lately: int = 0
    pools: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """One pool on all living hosts: the sums of its processes and bounds. `leaving` ones finish their last jobs."""

    name: str
    queues: list[str]
    hosts: int
    processes: int
    leaving: int
    min_processes: int
    max_processes: int
    strategy: str


@dataclass(frozen=True, slots=True)
class SupervisorStatus:
    """One `queues_run`; `silent` is the age of its heartbeat in seconds, `processes` those of each group.

    `memory` is the private memory of its workers together, in MB, as measured last.
    """

    id: int
    host: str
    pid: int
    environment: str
    code_version: str
    status: str
    silent: float
    processes: dict[str, int]
    memory: int


@dataclass(frozen=True, slots=True)
class PauseStatus:
    kind: str
    name: str
    until: datetime | None
    by: str


@dataclass(frozen=True, slots=True)
class GateStatus:
    """A gate that is shut, or at which jobs wait. When `shut_until` has passed, one request probes."""

    name: str
    shut_since: datetime | None
    shut_until: datetime | None
    reason: str
    waiting: int


@dataclass(frozen=True, slots=True)
class EventStatus:
    at: datetime
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """Everything, as read at one time; the newest events first."""

    queues: list[QueueStatus]
    pools: list[PoolStatus]
    supervisors: list[SupervisorStatus]
    pauses: list[PauseStatus]
    gates: list[GateStatus]
    events: list[EventStatus]

    @property
    def code(self) -> int:
        """The exit code: 0 running, 1 something is paused, 2 no supervisor is running."""
        if not any(each.status in LIVING_STATES and each.silent < SILENT_AFTER for each in self.supervisors):
            return INACTIVE
        return PAUSED if self.pauses else RUNNING

    def as_dict(self) -> dict[str, Any]:
        return {"status": WORDS[self.code], **asdict(self)}


def read(database: Connection) -> Status:
    """Ask PostgreSQL, which knows of every host."""
    rows = _rows(database)
    states = _living(rows)
    return Status(
        _queues(database, states),
        _pools(states),
        [_supervisor(*row) for row in rows],
        [PauseStatus(*row) for row in database.rows(PAUSES)],
        gates(database),
        [EventStatus(*row) for row in database.rows(EVENTS)],
    )


def queues(database: Connection, also: Iterable[str] = ()) -> list[QueueStatus]:
    """Every declared queue, every other queue that has jobs, and those named in `also`."""
    return _queues(database, _living(_rows(database)), also, MOST_WAITING)


def states(database: Connection) -> list[tuple[SupervisorStatus, State]]:
    """The supervisors that live, or died within the last hour, with what each has said of itself."""
    return [(_supervisor(*row), row[-1]) for row in _rows(database)]


def gates(database: Connection) -> list[GateStatus]:
    """The gates that are shut, and those at which jobs wait."""
    return [GateStatus(*row) for row in database.rows(GATES)]


def _rows(database: Connection) -> list[tuple[Any, ...]]:
    return [(*row, State.from_json(json.loads(state))) for *row, state in database.rows(SUPERVISORS)]


def _living(rows: list[tuple[Any, ...]]) -> list[State]:
    return [state for *_, status, silent, state in rows if status != "dead" and silent < SILENT_AFTER]


def _supervisor(
    key: int, host: str, pid: int, environment: str, version: str, status: str, silent: float, state: State
) -> SupervisorStatus:
    processes = {name: group.working for name, group in state.groups.items()}
    memory = sum(worker.memory for worker in state.workers.values())
    return SupervisorStatus(key, host, pid, environment, version, status, silent, processes, memory)


def _pools(states: list[State]) -> list[PoolStatus]:
    pools: dict[str, list[PoolStatus]] = {}
    for state in states:
        for name, bounds in state.pools.items():
            groups = state.groups_of(pool=name)
            queues = [queue for group in groups for queue in group.queues]
            working, alive = sum(each.working for each in groups), sum(each.alive for each in groups)
            here = PoolStatus(name, queues, 1, working, alive - working, *bounds)
            pools.setdefault(name, []).append(here)
    order = {name: number for number, name in enumerate(queue_names())}
    together = (_together(hosts) for hosts in pools.values())
    return sorted(together, key=lambda pool: min((order.get(queue, 0) for queue in pool.queues), default=0))


def _together(hosts: list[PoolStatus]) -> PoolStatus:
    names = ("hosts", "processes", "leaving", "min_processes", "max_processes")
    return replace(hosts[0], **{name: sum(getattr(each, name) for each in hosts) for name in names})


def _queues(
    database: Connection, states: list[State], also: Iterable[str] = (), most: int | None = None
) -> list[QueueStatus]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for queue, what, count in database.rows(COUNTS, {"most": most}):
        counts[queue][what] = count
    waiting = backlogs(database)
    undeclared = {queue: Backlog(0, 0.0) for queue in sorted({*counts, *also}) if queue not in waiting}
    return [_queue(name, backlog, counts[name], states) for name, backlog in {**waiting, **undeclared}.items()]


def _queue(name: str, backlog: Backlog, counts: Counter[str], states: list[State]) -> QueueStatus:
    groups = [group for state in states for group in state.groups_of(queue=name)]
    rate = rate_of(name, states)
    return QueueStatus(
        name=name,
        ready=backlog.ready,
        oldest=backlog.oldest,
        promise=promise(name) if name in queue_names() else UNDECLARED_PROMISE,
        running=counts["running"],
        later=sum(counts[state] for state in LATER_STATES),
        dead=counts["dead"],
        processes=sum(group.working for group in groups),
        rate=rate.runs,
        run_time=rate.run_time,
        scheduled=counts["scheduled"],
        retrying=counts["retrying"],
        released=counts["released"],
        dead_lately=counts["dead_lately"],
        pools=sorted({group.pool for group in groups}),
    )
