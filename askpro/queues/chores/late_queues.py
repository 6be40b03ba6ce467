"""Queues that break their promise: an event when it begins, when it gets worse, while it lasts, and when it ends."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from askpro.queues.chores.alone import is_alone
from askpro.queues.config import promise, queue_names
from askpro.queues.fleet import pauses
from askpro.queues.fleet.backlog import MOST_COUNTED, WAITING, Floors
from askpro.queues.ledger.database import Connection, DjangoConnection
from askpro.queues.ledger.floors import YOUNG, Floor
from askpro.queues.models import FleetEvent

# Seconds after an event of a queue within which it is no news that the queue gets late, or later.
QUIET = 300.0
# Seconds after which a queue that is still late is noted again.
REMIND = 6 * 3600.0
# Per queue: the jobs that have waited longer than promised, and the age in seconds of the oldest ready job.
# With `clock_timestamp()` instead of the statement's clock, no index could be used.
LATE_JOBS = f"""
SELECT name, coalesce((SELECT count(*) FROM (
           SELECT 1 FROM queues_job_live WHERE {WAITING}
              AND ready_at < statement_timestamp() - promised * interval '1 second' LIMIT {MOST_COUNTED}) AS late), 0),
       coalesce(extract(epoch FROM statement_timestamp() - oldest), 0)::float8, least(oldest, {YOUNG})
  FROM unnest(%(names)s::text[], %(promises)s::float8[], %(since)s::timestamptz[]) AS queue (name, promised, since),
       LATERAL (SELECT (
           SELECT ready_at FROM queues_job_live WHERE {WAITING} ORDER BY ready_at LIMIT 1) AS oldest) AS first
"""
LATEST = """
SELECT name, level, extract(epoch FROM clock_timestamp() - at)::float8
  FROM unnest(%s::text[]) AS name, LATERAL (
       SELECT level, at FROM queues_fleetevent
        WHERE about = name AND about <> '' AND kind IN ('queue_late', 'queue_well') ORDER BY id DESC LIMIT 1) AS latest
"""
LATE, WELL = FleetEvent.Kind.QUEUE_LATE, FleetEvent.Kind.QUEUE_WELL


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late a queue is: its late jobs, counted up to `MOST_COUNTED`, and the age in seconds of its oldest job."""

    queue: str
    late: int
    oldest: float

    @property
    def level(self) -> int:
        """0 for none, 1 for a late job, 2 from ten on, 3 from a hundred on, and so on."""
        return len(str(self.late)) if self.late else 0


@dataclass(frozen=True, slots=True)
class Known:
    """The last event of a queue: its level, and the seconds since. Without an event, the queue has long been well."""

    level: int = 0
    ago: float = QUIET


def look(floors: Floors | None = None) -> int:
    """Note what has changed since any supervisor looked last; returns how many queues changed."""
    with transaction.atomic():
        if not is_alone():
            return 0
        with connection.cursor() as cursor:
            database = DjangoConnection(cursor)
            latest = database.rows(LATEST, [list(queue_names())])
            known = {queue: Known(level, ago) for queue, level, ago in latest}
            measured = _measure(database, defaultdict(Floor) if floors is None else floors)
        events = [event for each in measured if (event := news(each, known.get(each.queue, Known()))) is not None]
        return len(FleetEvent.objects.bulk_create(events))


def _measure(database: Connection, floors: Floors) -> list[Lateness]:
    """How late each queue is; a paused queue or job breaks no promise."""
    paused = pauses.paused(database)
    actors = [name for kind, name in paused if kind == "actor"]
    names: Sequence[str] = [name for name in queue_names() if ("queue", name) not in paused]
    promises, since = [promise(name) for name in names], [floors[name].since() for name in names]
    rows = database.rows(LATE_JOBS, {"paused": actors, "names": names, "promises": promises, "since": since})
    for name, *_, oldest in rows:
        floors[name].found(database, oldest)
    return [
        *(Lateness(name, late, max(age, 0.0)) for name, late, age, _ in rows),
        *(Lateness(name, 0, 0.0) for name in queue_names() if name not in names),
    ]


def news(now: Lateness, known: Known) -> FleetEvent | None:
    """The news of a queue, if any. A job that is never claimed keeps its queue late, but hides no later delay."""
    promised = promise(now.queue)
    jobs = f"{now.late}{'+' if now.late >= MOST_COUNTED else ''} job{'' if now.late == 1 else 's'}"
    waits = f"of {now.queue} waited longer than the promised {promised:g} s; the oldest {now.oldest:.0f} s."
    if now.level > known.level and known.ago >= QUIET:
        return _late(now, f"{jobs} {waits}")
    if now.level == 0 and known.level and now.oldest <= promised / 2:
        # Only when well within the promise: a queue at the edge of it would make news with every job.
        return FleetEvent(kind=WELL, about=now.queue, text=f"{now.queue} keeps its promise of {promised:g} s again.")
    if 0 < now.level < known.level and now.late <= 10 ** (known.level - 1) / 2:
        # So that it will be news when it gets worse again.
        return _late(now, f"Fewer: {jobs} {waits}")
    if now.level and known.ago >= REMIND:
        return _late(now, f"Still late: {jobs} {waits}")
    return None


def _late(now: Lateness, text: str) -> FleetEvent:
    return FleetEvent(kind=LATE, about=now.queue, level=now.level, text=text)
