"""The verdict on the queues: sizes, promises, deaths, workers, canaries, each held against its threshold."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection
from django.utils import timezone

from askpro.health.canaries import canaries
from askpro.health.result import HealthCheckResult, Issue, Verdict
from askpro.health.thresholds import DEAD_WITHIN, thresholds
from askpro.queues.config import promise, queue_names, urgent_queues
from askpro.queues.fleet import status
from askpro.queues.fleet.state import SILENT_AFTER
from askpro.queues.ledger.database import Connection, DjangoConnection
from askpro.queues.states import LIVING, LIVING_STATES

DEATHS = """
SELECT queue_name, count(*)::int FROM queues_job
 WHERE status = 'dead' AND finished_at > %s - %s * interval '1 second' AND finished_at <= %s GROUP BY 1 ORDER BY 1
"""
# Silence is counted from the beat on which it was told: a host that is silent as a whole is another matter.
STUCK = f"""
SELECT host, worker.key, (worker.value ->> 'silent')::float8
  FROM queues_supervisor, jsonb_each(state -> 'workers') AS worker
 WHERE status IN {LIVING} AND beat_at > clock_timestamp() - interval '{SILENT_AFTER} seconds'
 ORDER BY 1, 2
"""
PAUSED = """
SELECT name, extract(epoch FROM %s - at)::float8 FROM queues_pause
 WHERE kind = 'queue' AND (until IS NULL OR until > %s) ORDER BY 1
"""


def check(now: datetime | None = None, database: Connection | None = None) -> HealthCheckResult:
    """Everything that is wrong with the queues at this moment, on all hosts.

    Sizes, promises and heartbeats are those of PostgreSQL's clock; of deaths, canaries and pauses `now` is the end.
    Raises `ValueError` when HEALTH_THRESHOLDS cannot be read, and the database's own errors.
    """
    now = now or timezone.now()
    if database is not None:
        return HealthCheckResult.of(_Check(database, now).issues(), now)
    with connection.cursor() as cursor:
        return HealthCheckResult.of(_Check(DjangoConnection(cursor), now).issues(), now)


class _Check:
    def __init__(self, database: Connection, now: datetime) -> None:
        self._database, self._now = database, now
        self._thresholds = thresholds()
        self._status = status.read(database)

    def issues(self) -> Iterator[Issue]:
        yield from self._fleet()
        yield from self._queues()
        yield from self._deaths()
        yield from self._canaries()
        yield from self._pauses()

    def _fleet(self) -> Iterator[Issue]:
        living = [each for each in self._status.supervisors if each.status in LIVING_STATES]
        if not any(each.silent < SILENT_AFTER for each in living):
            words = "No queues_run is alive on any host: nothing is worked on."
            yield Issue("no_queues_run", Verdict.UNHEALTHY, "fleet", 0, 1, words)
            return
        for each in living:
            yield from self._issue("silent", each.host, each.silent, "has not sent a heartbeat for {:.0f} s")
        for host, worker, silent in self._database.rows(STUCK):
            yield from self._issue("stuck", f"{host}:{worker}", silent, "shows no sign of life for {:.0f} s")

    def _queues(self) -> Iterator[Issue]:
        paused = {each.name for each in self._status.pauses if each.kind == "queue"}
        is_alive = any(each.processes for each in self._status.pools)
        for queue in self._status.queues:
            yield from self._issue("ready", queue.name, queue.ready, "has {:.0f} ready jobs")
            times = queue.oldest / queue.promise
            words = f"breaks its promise of {queue.promise:g} s: the oldest job waits {queue.oldest:.0f} s"
            yield from self._issue("late", queue.name, times, words)
            if is_alive and not queue.processes and queue.name not in paused and queue.name in queue_names():
                severity = Verdict.UNHEALTHY if queue.ready else Verdict.DEGRADED
                words = f"{queue.name} is worked by no process."
                yield Issue("queue_without_consumer", severity, queue.name, 0, 1, words)

    def _deaths(self) -> Iterator[Issue]:
        urgent = urgent_queues()
        for queue, count in self._database.rows(DEATHS, (self._now, DEAD_WITHIN, self._now)):
            name = "dead_urgent" if queue in urgent else "dead"
            yield from self._issue(name, queue, count, "lost {:.0f} jobs within an hour: they are dead")

    def _canaries(self) -> Iterator[Issue]:
        for queue, each in canaries(self._database, self._now).items():
            if each.age is not None:
                beyond = each.age - promise(queue)
                yield from self._issue("canary", queue, beyond, "has let no canary through for {:.0f} s")

    def _pauses(self) -> Iterator[Issue]:
        for queue, seconds in self._database.rows(PAUSED, (self._now, self._now)):
            yield from self._issue("paused", queue, seconds, "has been paused for {:.0f} s")

    def _issue(self, name: str, about: str, value: float, words: str) -> Iterator[Issue]:
        level = self._thresholds[name]
        if value > level.degraded:
            is_bad = value > level.unhealthy
            severity, limit = (Verdict.UNHEALTHY, level.unhealthy) if is_bad else (Verdict.DEGRADED, level.degraded)
            yield Issue(name, severity, about, round(value, 3), limit, f"{about} {words.format(value)}.")
