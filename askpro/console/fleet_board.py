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
from django.utils.translation import gettext as _

from askpro.queues.config import InvalidQueueSettings, Pool
from askpro.queues.config import pools as pools_of
from askpro.queues.fleet.state import SILENT_AFTER, STUCK_AFTER, State, WorkerState
from askpro.queues.models import FleetCommand, FleetEvent, Job, Supervisor, Worker

# How long the dead stay on the page.
MOURNED = timedelta(days=1)
MOST_WORKERS = 100
MOST_EVENTS = 12


@dataclass(slots=True)
class Host:
    """A supervisor's row, with what follows from its age."""

    row: Supervisor
    beat_age: timedelta

    @property
    def is_silent(self) -> bool:
        return self.row.status in Supervisor.LIVING and self.beat_age > timedelta(seconds=SILENT_AFTER)

    @property
    def state(self) -> str:
        return "silent" if self.is_silent else self.row.status

    @property
    def processes(self) -> int:
        return State.from_json(self.row.state).processes


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
        Supervisor.objects.filter(
            status__in=Supervisor.LIVING, beat_at__gte=Now() - timedelta(seconds=SILENT_AFTER)
        ).order_by("pk")
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
    states = {row.pk: State.from_json(row.state) for row in alive}
    for line in found.values():
        ours = [row for row in alive if line.pool.name in row.pools]
        line.hosts = len(ours)
        for name, queues in line.pool.groups.items():
            groups = [states[row.pk].groups[name] for row in ours if name in states[row.pk].groups]
            working = sum(group.working for group in groups)
            line.now += working
            line.target += sum(group.wanted for group in groups)
            line.moving += sum(group.alive for group in groups) - working
            line.queues.append((", ".join(queues), working))
        line.ordered = next(
            (orders[row.pk, line.pool.name] for row in ours if (row.pk, line.pool.name) in orders), None
        )
    return list(found.values())


def worker_lines(alive: Iterable[Supervisor]) -> list[WorkerLine]:
    """Running workers of these supervisors, the stuck ones and those with the longest runs first."""
    said = {key: (row, worker) for row in alive for key, worker in State.from_json(row.state).workers.items()}
    rows = Worker.objects.filter(status=Worker.Status.RUNNING, supervisor__in=[row.pk for row in alive])
    names = _names(said)
    lines = [_line(row, said.get(row.pk), names) for row in rows.select_related("supervisor").order_by("pool", "pk")]
    return sorted(lines, key=lambda line: (not line.is_stuck, line.runs[0].since if line.runs else timezone.now()))


def _line(row: Worker, said: tuple[Supervisor, WorkerState] | None, names: dict[str, str]) -> WorkerLine:
    if said is None:
        return WorkerLine(row)
    supervisor, worker = said
    runs = [
        Run(job_id, names.get(job_id, _("a job")), supervisor.beat_at - timedelta(seconds=seconds), left)
        for job_id, seconds, left in worker.running
    ]
    return WorkerLine(row, worker.memory or None, worker.runs, worker.silent, worker.leaving, runs)


def _names(said: dict[int, tuple[Supervisor, WorkerState]]) -> dict[str, str]:
    ids = [run.job_id for _row, worker in said.values() for run in worker.running]
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
