"""What jobs did in any period, by queue, job, company or time."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from django.db import connection

from askpro.queues.config import LEAST_BY_HOUR, LEAST_BY_MINUTE
from askpro.queues.ledger.database import Connection, DjangoConnection
from askpro.queues.ledger.history import COMPANY
from askpro.queues.metrics.histogram import Histogram
from askpro.queues.states import FAILED_DAY, LIVE_DAY

By = Literal["queue", "actor", "company", "minute", "hour", "day"]
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
# Of an older beginning, hours are read instead of minutes, and days instead of hours. RETENTION keeps them longer.
IN_MINUTES: Final = timedelta(minutes=LEAST_BY_MINUTE)
IN_HOURS: Final = timedelta(minutes=LEAST_BY_HOUR)
NOT_TOLD_APART: Final = "There are no figures of an actor by company; ask for a queue's, or for all jobs."
KEYS: Final = {
    "all": "''",
    "queue": "queue_name",
    "actor": "actor_name",
    "company": "company_id::text",
    "minute": "date_trunc('minute', at, 'UTC')",
    "hour": "date_trunc('hour', at, 'UTC')",
    "day": "date_trunc('day', at, 'UTC')",
}
WHERE: Final = """at >= %(start)s AND at < %(end)s AND (%(queue)s IS NULL OR queue_name = %(queue)s)
   AND (%(actor)s IS NULL OR actor_name = %(actor)s)
   AND CASE WHEN %(company)s::bigint IS NOT NULL THEN company_id = %(company)s
            WHEN %(of_companies)s THEN company_id <> 0 ELSE company_id = 0 END"""
TALLIES: Final = f"""
SELECT {{key}} AS key, what, about, bucket, sum(count)::bigint, sum(total)::float8 FROM {{source}} AS tally
 WHERE {WHERE} GROUP BY 1, 2, 3, 4
"""
SERIES: Final = f"""
SELECT {{key}} AS key, date_bin(%(step)s, at, %(start)s) AS step, what, about, bucket, sum(count)::bigint,
       sum(total)::float8
  FROM {{source}} AS tally WHERE {WHERE} GROUP BY 1, 2, 3, 4, 5
"""
# What is not in its hour and its day yet.
FRESH: Final = "id > (SELECT coalesce(max(rolled), 0) FROM queues_metricfold)"
COLUMNS: Final = "at, what, queue_name, actor_name, company_id, about, bucket, count, total"
ROLLED_UP: Final = f"""(SELECT {COLUMNS} FROM {{table}} WHERE at >= %(start)s
 UNION ALL SELECT {COLUMNS} FROM queues_metricminute WHERE {FRESH})"""
# Completed jobs are tallied; those that are not over, or died, are counted in the ledger. Ids rise with the time of
# sending; a job may be written a while after it got its id.
ARRIVED: Final = f"""
SELECT {{key}} AS key, count(*) FROM (
    SELECT created_at AS at, queue_name, actor_name, CASE WHEN %(of_companies)s THEN {COMPANY} ELSE 0 END AS company_id
      FROM queues_job
     WHERE day IN ('{LIVE_DAY}', '{FAILED_DAY}') AND status <> 'completed' AND id >= %(first)s::uuid
       AND created_at >= %(start)s AND created_at < %(end)s OFFSET 0) AS job
 WHERE {WHERE} GROUP BY 1
"""


@dataclass(slots=True)
class Figures:
    """What jobs with a common `key` did: a queue, an actor, a company's id or a moment, as was asked for.

    arrived      jobs sent in the period; completed, failed: runs that ended in it, failed ones for good or not
    by_class     failed runs by the class of their error; cancelled: runs that a cancellation ended
    dead         jobs that died in the period, whatever became of them since
    run, wait    seconds of runs that completed or failed; seconds from ready to started
    memory       bytes that a process grew by one run, on average of the runs measured; None without any
    """

    key: str | datetime
    arrived: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    dead: int = 0
    by_class: dict[str, int] = field(default_factory=dict)
    dead_by_class: dict[str, int] = field(default_factory=dict)
    run: Histogram = field(default_factory=Histogram)
    wait: Histogram = field(default_factory=Histogram)
    memory: float | None = None

    @property
    def runs(self) -> int:
        """Runs that completed or failed."""
        return self.completed + self.failed

    @property
    def share_failed(self) -> float:
        """Failed runs among these, 0 to 1."""
        return self.failed / self.runs if self.runs else 0.0


def job_figures(
    start: datetime,
    end: datetime,
    *,
    queue: str | None = None,
    actor: str | None = None,
    company: int | None = None,
    by: By = "queue",
    database: Connection | None = None,
) -> list[Figures]:
    """What happened from `start` up to before `end`, in whole minutes, of all jobs or of those of a queue, an actor or
    a company; sorted by key. Figures are some seconds old.

    A period that began more than a day and a half ago is read in whole hours, one of more than 45 days in whole days
    (UTC). Raises `ValueError` for an actor's jobs of one company: these are not told apart.
    """
    if (actor or by == "actor") and (company or by == "company"):
        raise ValueError(NOT_TOLD_APART)
    if database is None:
        with connection.cursor() as cursor:
            return _read(DjangoConnection(cursor), start, end, queue, actor, company, by)
    return _read(database, start, end, queue, actor, company, by)


def job_series(
    start: datetime,
    end: datetime,
    step: timedelta | None = None,
    *,
    queue: str | None = None,
    actor: str | None = None,
    company: int | None = None,
    by: Literal["all", "queue", "actor", "company"] = "all",
) -> dict[str, dict[datetime, Figures]]:
    """The same in steps of time, of which the first begins at `start`, or in one step; for charts and tables: without
    what was sent, which costs a look into the ledger. By `all` there is one key, "". Steps without a run are left out.

    `start` and `step` are whole ones of `shortest_step`. Raises `ValueError` for an actor's jobs of one company.
    """
    if (actor or by == "actor") and (company or by == "company"):
        raise ValueError(NOT_TOLD_APART)
    values: dict[str, Any] = {"start": start, "end": end, "queue": queue, "actor": actor, "company": company}
    values |= {"step": step or end - start + DAY, "of_companies": company is not None or by == "company"}
    source = _fewest(start, end, step)
    parts: dict[tuple[str, datetime], _Parts] = defaultdict(_Parts)
    with connection.cursor() as cursor:
        rows = DjangoConnection(cursor).rows(SERIES.format(key=KEYS[by], source=source), values)
    for name, at, *tally in rows:
        parts[name, at].add(*tally)
    found: dict[str, dict[datetime, Figures]] = defaultdict(dict)
    for (name, at), each in sorted(parts.items()):
        found[name][at] = each.figures(name)
    return dict(found)


def shortest_step(start: datetime) -> timedelta:
    """In what steps (UTC) figures are kept of a period that began then: minutes, hours or days."""
    return _source(start, "queue")[0]


def _read(
    database: Connection,
    start: datetime,
    end: datetime,
    queue: str | None,
    actor: str | None,
    company: int | None,
    by: By,
) -> list[Figures]:
    step, source = _source(start, by)
    start, end = _floor(start, step), _ceiling(end, step)
    of_companies = company is not None or by == "company"
    values = {"start": start, "end": end, "queue": queue, "actor": actor, "company": company}
    values |= {"of_companies": of_companies, "first": str(_first_id(start))}
    parts: dict[Any, _Parts] = defaultdict(_Parts)
    for key, what, about, bucket, count, total in database.rows(TALLIES.format(key=KEYS[by], source=source), values):
        parts[key].add(what, about, bucket, count, total)
    for key, count in database.rows(ARRIVED.format(key=KEYS[by]), values):
        parts[key].add("arrived", "", 0, count, 0.0)
    return [parts[key].figures(key) for key in sorted(parts)]


class _Parts:
    """Tallies of one key on their way to its figures."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = defaultdict(int)
        self.totals: dict[str, float] = defaultdict(float)
        self.classes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.buckets: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))

    def add(self, what: str, about: str, bucket: int, count: int, total: float) -> None:
        self.counts[what] += count
        self.totals[what] += total
        self.classes[what][about] += count
        self.buckets[what][bucket] += count

    def figures(self, key: Any) -> Figures:
        counts, totals = self.counts, self.totals
        return Figures(
            key=key,
            **{what: counts[what] for what in ("arrived", "completed", "failed", "cancelled", "dead")},
            by_class=_most_first(self.classes["failed"]),
            dead_by_class=_most_first(self.classes["dead"]),
            run=self._histogram("completed").merged(self._histogram("failed")),
            wait=self._histogram("wait"),
            memory=totals["memory"] / counts["memory"] if counts["memory"] else None,
        )

    def _histogram(self, what: str) -> Histogram:
        return Histogram.from_buckets(self.buckets[what], self.totals[what])


def _most_first(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _source(start: datetime, by: By) -> tuple[timedelta, str]:
    """The table that still has the period, and the length of its steps."""
    age = datetime.now(UTC) - start
    if age <= IN_MINUTES or by == "minute":
        return MINUTE, "queues_metricminute"
    if age <= IN_HOURS or by == "hour":
        return HOUR, ROLLED_UP.format(table="queues_metrichour")
    return DAY, ROLLED_UP.format(table="queues_metricday")


def _fewest(start: datetime, end: datetime, step: timedelta | None) -> str:
    """The table with the fewest rows that tells these steps apart; a last one that is not over needs no end."""
    lasts = end >= datetime.now(UTC) - MINUTE
    kept, source = _source(start, "queue")
    for length, table in ((DAY, "queues_metricday"), (HOUR, "queues_metrichour")):
        fits = length >= kept and (step is None or step % length == timedelta())
        if fits and _floor(start, length) == start and (lasts or _floor(end, length) == end):
            return ROLLED_UP.format(table=table)
    return source


def _floor(moment: datetime, step: timedelta) -> datetime:
    return moment - (moment - datetime.min.replace(tzinfo=UTC)) % step


def _ceiling(moment: datetime, step: timedelta) -> datetime:
    floor = _floor(moment, step)
    return floor if floor == moment else floor + step


def _first_id(start: datetime) -> UUID:
    return UUID(int=max(0, int((start - HOUR).timestamp() * 1000)) << 80)


def total(figures: Iterable[Figures], key: str = "") -> Figures:
    """All of these together."""
    together = Figures(key)
    for each in figures:
        for what in ("arrived", "completed", "failed", "cancelled", "dead"):
            setattr(together, what, getattr(together, what) + getattr(each, what))
        for name in ("by_class", "dead_by_class"):
            counts = getattr(together, name)
            for about, count in getattr(each, name).items():
                counts[about] = counts.get(about, 0) + count
        together.run, together.wait = together.run.merged(each.run), together.wait.merged(each.wait)
    return together
