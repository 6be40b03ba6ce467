"""How every queue stands: what waits and how long, against its promise; what runs; who works it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, Sum
from django.db.models.functions import Now
from django.http import HttpRequest

from askpro.console.fleet_board import living
from askpro.queues.config import promise, queue_names
from askpro.queues.fleet.backlog import MOST_COUNTED, backlogs
from askpro.queues.fleet.state import State, rate_of
from askpro.queues.fleet.status import gates
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.models import MetricsSnapshot, Pause

# Counting stops here: nobody reads the difference, and a list of a million costs a second.
MOST_WAITING = 20_000
COUNTS = f"""
SELECT queue_name, status, count(*) FROM (
    SELECT queue_name, status FROM queues_job WHERE status IN ('scheduled', 'retrying', 'released')
     LIMIT {MOST_WAITING}) AS waiting GROUP BY 1, 2
UNION ALL
SELECT queue_name, 'running', count(*) FROM queues_job WHERE status = 'processing' GROUP BY 1
UNION ALL
SELECT queue_name, 'dead', count(*) FROM (
    SELECT queue_name FROM queues_job WHERE status = 'dead' LIMIT {MOST_WAITING}) AS dead GROUP BY 1
UNION ALL
SELECT queue_name, 'dead_lately', count(*) FROM queues_job
 WHERE status = 'dead' AND finished_at > clock_timestamp() - interval '1 hour' GROUP BY 1
"""


@dataclass(slots=True)
class QueueLine:
    """One queue. `promise` is how old its oldest ready job may get; `rate` is runs a minute, `run_time` their mean."""

    name: str
    promise: timedelta
    ready: int = 0
    oldest: timedelta | None = None
    running: int = 0
    scheduled: int = 0
    retrying: int = 0
    released: int = 0
    dead: int = 0
    dead_lately: int = 0
    completed: int = 0
    failed: int = 0
    processes: int = 0
    rate: float = 0.0
    run_time: timedelta | None = None
    pause: Pause | None = None
    pools: set[str] = field(default_factory=set)

    @property
    def is_late(self) -> bool:
        return self.oldest is not None and self.oldest > self.promise

    @property
    def later(self) -> int:
        return self.scheduled + self.retrying + self.released

    @property
    def runs(self) -> int:
        """In the last hour, by the snapshots."""
        return self.completed + self.failed

    @property
    def pool_names(self) -> str:
        return ", ".join(sorted(self.pools))

    @property
    def waits(self) -> list[tuple[str, int]]:
        """What makes up `later`, by state."""
        return [("scheduled", self.scheduled), ("retrying", self.retrying), ("released", self.released)]

    @property
    def is_capped(self) -> bool:
        """There are more ready ones than `ready` says."""
        return self.ready >= MOST_COUNTED

    @property
    def nobody_works(self) -> bool:
        return not self.processes and bool(self.ready)


def lines() -> list[QueueLine]:
    """Every declared queue, and every other that has jobs."""
    found = {name: QueueLine(name, timedelta(seconds=promise(name))) for name in queue_names()}
    with connection.cursor() as cursor:
        for name, backlog in backlogs(DjangoConnection(cursor)).items():
            found[name].ready = backlog.ready
            found[name].oldest = timedelta(seconds=backlog.oldest) if backlog.ready else None
        cursor.execute(COUNTS)
        for name, what, count in cursor.fetchall():
            setattr(found.setdefault(name, QueueLine(name, timedelta(minutes=1))), what, count)
    for pause in holding():
        if pause.kind == Pause.Kind.QUEUE:
            found.setdefault(pause.name, QueueLine(pause.name, timedelta(minutes=1))).pause = pause
    _of_the_last_hour(found)
    _of_the_fleet(found.values())
    return list(found.values())


def holding() -> list[Pause]:
    """The pauses that hold now."""
    return list(Pause.objects.filter(Q(until=None) | Q(until__gt=Now())).order_by("-kind", "name"))


def board(request: HttpRequest) -> dict[str, Any]:
    """The page's context."""
    found = lines()
    pauses = holding()
    with connection.cursor() as cursor:
        shut_or_full = gates(DjangoConnection(cursor))
    return {
        "lines": found,
        "pauses": pauses,
        "gates": shut_or_full,
        "may_pause": request.user.has_perm("queues.add_pause"),
        "may_resume": request.user.has_perm("queues.delete_pause"),
        "late": [line for line in found if line.is_late and not line.pause],
        "unworked": [line for line in found if line.nobody_works and not line.pause],
        "most_waiting": MOST_WAITING,
    }


def _of_the_last_hour(found: dict[str, QueueLine]) -> None:
    recent = MetricsSnapshot.objects.filter(queue_name__in=found, at__gt=Now() - timedelta(hours=1)).order_by()
    for name, completed, failed in recent.values_list("queue_name").annotate(Sum("completed"), Sum("failed")):
        found[name].completed, found[name].failed = completed, failed


def _of_the_fleet(found: Iterable[QueueLine]) -> None:
    states = [State.from_json(each.state) for each in living()]
    for line in found:
        rate = rate_of(line.name, states)
        line.rate = rate.runs * 60
        line.run_time = timedelta(seconds=rate.run_time) if rate.run_time else None
        for state in states:
            for group in state.groups_of(queue=line.name):
                line.pools.add(group.pool)
                line.processes += group.working
