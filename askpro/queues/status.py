"""What the fleet and the queues look like now: the numbers behind `queues_status`."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from askpro.queues.balancing import backlogs
from askpro.queues.config import promise
from askpro.queues.database import Connection

# Exit codes, as Horizon has them.
RUNNING, PAUSED, INACTIVE = 0, 1, 2
WORDS = {RUNNING: "running", PAUSED: "paused", INACTIVE: "inactive"}
SUPERVISORS = """
SELECT id::int, host, pid, environment, code_version, status,
       extract(epoch FROM clock_timestamp() - beat_at)::float8, state::text
  FROM queues_supervisor
 WHERE status IN ('running', 'stopping')
    OR status = 'dead' AND beat_at > clock_timestamp() - interval '1 hour'
 ORDER BY host, id
"""
COUNTS = """
SELECT queue_name, 'running', count(*) FROM queues_job WHERE status = 'processing' GROUP BY 1
UNION ALL
SELECT queue_name, 'later', count(*) FROM queues_job
 WHERE status IN ('scheduled', 'retrying', 'released') AND run_at IS NOT NULL GROUP BY 1
UNION ALL
SELECT queue_name, 'dead', count(*) FROM queues_job WHERE status = 'dead' GROUP BY 1
"""
PAUSES = """
SELECT kind, name, until, by FROM queues_pause WHERE until IS NULL OR until > clock_timestamp() ORDER BY kind, name
"""
# A supervisor that has not beaten for so many seconds counts for nothing.
FRESH = 15.0


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """One queue. `ready` stops counting at ten thousand; times in seconds, `rate` in runs a second."""

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


@dataclass(frozen=True, slots=True)
class SupervisorStatus:
    """One `queues_run`; `silent` is the age of its heartbeat in seconds, `processes` those of each group."""

    id: int
    host: str
    pid: int
    environment: str
    code_version: str
    status: str
    silent: float
    processes: dict[str, int]


@dataclass(frozen=True, slots=True)
class PauseStatus:
    kind: str
    name: str
    until: datetime | None
    by: str


@dataclass(frozen=True, slots=True)
class Status:
    """Everything at one moment."""

    queues: list[QueueStatus]
    supervisors: list[SupervisorStatus]
    pauses: list[PauseStatus]

    @property
    def code(self) -> int:
        """The exit code: 0 running, 1 something is paused, 2 nobody works."""
        if not any(each.status in ("running", "stopping") and each.silent < FRESH for each in self.supervisors):
            return INACTIVE
        return PAUSED if self.pauses else RUNNING

    def as_dict(self) -> dict[str, Any]:
        return {"status": WORDS[self.code], **asdict(self)}


def read(database: Connection) -> Status:
    """Ask PostgreSQL, which knows of every host."""
    supervisors, states = _supervisors(database)
    pauses = [PauseStatus(*row) for row in database.rows(PAUSES)]
    return Status(_queues(database, states), supervisors, pauses)


def _supervisors(database: Connection) -> tuple[list[SupervisorStatus], list[dict[str, Any]]]:
    rows = [(*row, json.loads(state)) for *row, state in database.rows(SUPERVISORS)]
    return [_supervisor(*row) for row in rows], [row[-1] for row in rows if row[5] != "dead"]


def _supervisor(
    key: int, host: str, pid: int, environment: str, version: str, status: str, silent: float, state: dict[str, Any]
) -> SupervisorStatus:
    processes = {group: now for group, (now, _) in state.get("processes", {}).items()}
    return SupervisorStatus(key, host, pid, environment, version, status, silent, processes)


def _queues(database: Connection, states: list[dict[str, Any]]) -> list[QueueStatus]:
    counts: dict[tuple[str, str], int] = {(queue, what): count for queue, what, count in database.rows(COUNTS)}
    queues = []
    for name, backlog in backlogs(database).items():
        running, later, dead = (counts.get((name, what), 0) for what in ("running", "later", "dead"))
        rate, run_time = _rate(name, states)
        processes = _processes(name, states)
        queues.append(
            QueueStatus(
                name, backlog.ready, backlog.oldest, promise(name), running, later, dead, processes, rate, run_time
            )
        )
    return queues


def _processes(queue: str, states: list[dict[str, Any]]) -> int:
    return sum(
        now
        for state in states
        for group, (now, _) in state.get("processes", {}).items()
        if queue in state.get("queues", {}).get(group, ())
    )


def _rate(queue: str, states: list[dict[str, Any]]) -> tuple[float, float]:
    rates = [state["rates"][queue] for state in states if queue in state.get("rates", {})]
    total = sum(rate for rate, _ in rates)
    return total, max((run_time for _, run_time in rates), default=0.0)
