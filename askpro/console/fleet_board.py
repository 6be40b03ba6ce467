"""The fleet: its hosts, pools and workers, who is silent, what was told to whom and what happened."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone

from askpro.queues.config import InvalidQueueSettings, Pool
from askpro.queues.config import pools as pools_of
from askpro.queues.models import FleetCommand, FleetEvent, Job, Supervisor, Worker

# A supervisor beats every two seconds; after this long it is silent, and the others are about to bury it.
SILENT_AFTER = timedelta(seconds=15)
# How long the dead stay on the page.
MOURNED = timedelta(days=1)
# Seconds without a sign of life, with nothing that excuses it, after which its forker kills a worker.
STUCK_AFTER = 4.0
MOST_WORKERS = 100
MOST_EVENTS = 12


@dataclass(slots=True)
class Host:
    """A supervisor's row, with what follows from its age."""

    row: Supervisor
    beat_age: timedelta

    @property
    def is_silent(self) -> bool:
        return self.row.status in Supervisor.LIVING and self.beat_age > SILENT_AFTER

    @property
    def state(self) -> str:
        return "silent" if self.is_silent else self.row.status

    @property
    def processes(self) -> int:
        return sum(now for now, _ in self.row.state.get("processes", {}).values())


@dataclass(slots=True)
class PoolLine:
    """A pool over all hosts that run it. `target` is what its forkers are to have now; `ordered` is what somebody told
    it by command, on each host.
    """

    pool: Pool
    hosts: int = 0
    now: int = 0
    moving: int = 0
    target: int = 0
    ordered: int | None = None
    queues: list[tuple[str, int]] = field(default_factory=list)

    @property
    def least(self) -> int:
        return self.pool.min_processes * len(self.pool.groups) * self.hosts

    @property
    def most(self) -> int:
        return self.pool.max_processes * self.hosts


@dataclass(slots=True)
class Run:
    """A job that runs now: since when, and how long it may still."""

    job_id: str
    actor_name: str
    since: datetime
    left: float

    @property
    def age(self) -> timedelta:
        return timedelta(seconds=max(0, round((timezone.now() - self.since).total_seconds())))


@dataclass(slots=True)
class WorkerLine:
    """A worker's row and what its forker says of it; `runs` is empty where nobody says anything."""

    row: Worker
    memory: int | None = None
    done: int | None = None
    silent: float = 0.0
    leaving: bool = False
    runs: list[Run] = field(default_factory=list)

    @property
    def is_stuck(self) -> bool:
        """It ran past its limit, or gives no sign of life; its forker is about to kill it."""
        return any(run.left < 0 for run in self.runs) or (self.silent > STUCK_AFTER and not self.runs)

    @property
    def state(self) -> str:
        return "stuck" if self.is_stuck else "stopping" if self.leaving else self.row.status


def living() -> list[Supervisor]:
    """Those that beat."""
    return list(
        Supervisor.objects.filter(status__in=Supervisor.LIVING, beat_at__gte=Now() - SILENT_AFTER).order_by("pk")
    )


def board(request: HttpRequest) -> dict[str, Any]:
    """The page's context."""
    now = timezone.now()
    found = hosts(now)
    alive = [host.row for host in found if host.row.status in Supervisor.LIVING and not host.is_silent]
    workers = worker_lines(alive)
    return {
        "hosts": found,
        "alive": alive,
        "pools": pool_lines(alive),
        "workers": workers[:MOST_WORKERS],
        "more_workers": max(len(workers) - MOST_WORKERS, 0),
        "running": sum(len(line.runs) for line in workers),
        "versions": sorted({row.code_version for row in alive}),
        "waiting": FleetCommand.objects.filter(taken_at=None, supervisor__in=alive).select_related("supervisor"),
        "events": FleetEvent.objects.order_by("-pk")[:MOST_EVENTS],
        "may_command": request.user.has_perm("queues.add_fleetcommand"),
        "lost": [host for host in found if host.is_silent or host.row.status == Supervisor.Status.DEAD],
    }


def hosts(now: datetime) -> list[Host]:
    """The living, and the dead of the last day."""
    rows = Supervisor.objects.filter(
        Q(status__in=Supervisor.LIVING) | Q(status=Supervisor.Status.DEAD, beat_at__gte=now - MOURNED)
    )
    return [Host(row, max(now - row.beat_at, timedelta(0))) for row in rows.order_by("host", "-pk")]


def pool_lines(alive: Iterable[Supervisor]) -> list[PoolLine]:
    """Every pool of the environments that are run, or of this one's when nothing runs."""
    alive = list(alive)
    found: dict[str, PoolLine] = {}
    for environment in sorted({row.environment for row in alive}) or [settings.ENVIRONMENT]:
        for pool in _declared(environment):
            found.setdefault(pool.name, PoolLine(pool))
    orders = _orders(alive)
    for line in found.values():
        ours = [row for row in alive if line.pool.name in row.pools]
        line.hosts = len(ours)
        counts = {
            group: [row.state.get("processes", {}).get(group, (0, 0)) for row in ours] for group in line.pool.groups
        }
        line.now = sum(now for each in counts.values() for now, _ in each)
        line.target = sum(row.state.get("wanted", {}).get(group, 0) for row in ours for group in line.pool.groups)
        line.moving = sum(every - now for each in counts.values() for now, every in each)
        line.queues = [
            (", ".join(line.pool.groups[group]), sum(now for now, _ in each)) for group, each in counts.items()
        ]
        line.ordered = next(
            (orders[row.pk, line.pool.name] for row in ours if (row.pk, line.pool.name) in orders), None
        )
    return list(found.values())


def worker_lines(alive: Iterable[Supervisor]) -> list[WorkerLine]:
    """Running workers of these supervisors, the stuck ones and those with the longest runs first."""
    said: dict[int, tuple[Supervisor, dict[str, Any]]] = {
        int(key): (row, words) for row in alive for key, words in row.state.get("workers", {}).items()
    }
    rows = Worker.objects.filter(status=Worker.Status.RUNNING, supervisor__in=[row.pk for row in alive])
    names = _names(said)
    lines = [_line(row, said.get(row.pk), names) for row in rows.select_related("supervisor").order_by("pool", "pk")]
    return sorted(lines, key=lambda line: (not line.is_stuck, line.runs[0].since if line.runs else timezone.now()))


def _line(row: Worker, said: tuple[Supervisor, dict[str, Any]] | None, names: dict[str, str]) -> WorkerLine:
    if said is None:
        return WorkerLine(row)
    supervisor, words = said
    runs = [
        Run(job_id, names.get(job_id, "a job"), supervisor.beat_at - timedelta(seconds=seconds), left)
        for job_id, seconds, left in words["running"]
    ]
    return WorkerLine(row, words["memory"] or None, words["runs"], words["silent"], words["leaving"], runs)


def _names(said: dict[int, tuple[Supervisor, dict[str, Any]]]) -> dict[str, str]:
    ids = [job_id for _, words in said.values() for job_id, *_ in words["running"]]
    return {str(pk): name for pk, name in Job.objects.filter(pk__in=ids).values_list("pk", "actor_name")}


def _declared(environment: str) -> list[Pool]:
    try:
        return pools_of(environment)
    except InvalidQueueSettings:
        # A host runs an environment that this code does not know: an older or a newer release.
        return []


def _orders(alive: list[Supervisor]) -> dict[tuple[int, str], int]:
    """The processes that somebody gave a supervisor's pool; the last word counts."""
    told = FleetCommand.objects.filter(kind=FleetCommand.Kind.SCALE, supervisor__in=alive)
    last = told.order_by("supervisor_id", "pool", "-pk").distinct("supervisor_id", "pool")
    return {(row.supervisor_id, row.pool): row.processes for row in last if row.processes is not None}
