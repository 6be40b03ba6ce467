"""Dead jobs, by what they died of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from askpro.queues.config import urgent_queues
from askpro.queues.ledger.database import Connection, DjangoConnection
from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold
from askpro.watch.models import Incident

UNKNOWN: Final = gettext_noop("an unknown error")
FEW, PRESSING = "dead_jobs", "dead_jobs_pressing"
# The newest; an outage may leave more than anybody counts.
MOST: Final = 20_000
# How far back jobs are looked for that nobody was told of: a watcher that was away catches up.
REACH: Final = timedelta(days=7)
# What a vendor refuses to everybody is told once, of the vendor. Jobs that died of it are told here only if that was
# not done within this time.
GRACE: Final = timedelta(minutes=2)
VENDORS_WORDS: Final = ("KeyRefused", "OutOfCredit")
OF_A_VENDOR = rf"error_class ~ '\.({'|'.join(VENDORS_WORDS)})$'"
TOLD_OF_VENDOR = """(finished_at > %(waits)s OR EXISTS (
    SELECT FROM watch_incident WHERE code IN ('vendor_refuses_key', 'vendor_out_of_credit') AND told_at IS NOT NULL
       AND coalesce(over_at, %(now)s) >= finished_at))"""
DEAD = f"""
SELECT actor_name, error_class, pressing, count(*), min(finished_at), min(queue_name) FROM (
    SELECT actor_name, error_class, finished_at, queue_name, in_order OR queue_name = ANY(%(urgent)s) AS pressing
      FROM queues_job
     WHERE status = 'dead' AND finished_at > %(reach)s AND finished_at <= %(now)s
       AND (finished_at > %(since)s OR alerted_at IS NULL) AND NOT ({OF_A_VENDOR} AND {TOLD_OF_VENDOR})
     ORDER BY finished_at DESC LIMIT {MOST}) AS dead
 GROUP BY 1, 2, 3 ORDER BY 1, 2
"""
TOLD = """
UPDATE queues_job SET alerted_at = %(now)s
 WHERE status = 'dead' AND finished_at > %(reach)s AND finished_at <= %(seen)s AND alerted_at IS NULL
   AND actor_name = %(actor)s AND error_class = %(error)s
"""


@dataclass(frozen=True, slots=True)
class Dead:
    """Jobs of one kind that died of the same. Pressing: of an urgent queue, or others of their order pass by."""

    actor: str
    error: str
    is_pressing: bool
    count: int
    first_at: datetime
    queue: str

    def finding(self, most: float) -> Finding:
        kind = self.error.rpartition(".")[2] or UNKNOWN
        facts = {"actor": self.actor, "error": self.error, "kind": kind, "queue": self.queue}
        return Finding(f"{self.actor}: {kind}", self.count, most, self.first_at, facts)


@condition(
    code=FEW,
    title=_("Jobs gave up"),
    severity=Severity.WARNING,
    needs=[Source.POSTGRES],
    every=10,
    lasts=0,
    clears=60,
    thresholds={"minutes": 60},
    cause=_("Jobs {actor} ({queue}) that died of {kind}: {value}. What they were for has not happened."),
    todo=_("Look at one. Once the cause is mended, retry them under Repair, or by queues_retry --all --actor {actor}"),
    link="/board/failures/",
    says=[UNKNOWN],
)
def dead_jobs(now: datetime) -> Iterator[Finding]:
    """Jobs died of one cause, in any queue. Over when none has died of it for an hour, or all were retried."""
    yield from (dead.finding(0) for dead in _dead(now, FEW) if not dead.is_pressing)


@condition(
    code=PRESSING,
    title=_("Urgent jobs gave up, or many"),
    severity=Severity.CRITICAL,
    needs=[Source.POSTGRES],
    every=5,
    lasts=0,
    clears=60,
    thresholds={"minutes": 60, "many": 10},
    cause=_(
        "Jobs {actor} ({queue}) that died of {kind}: {value}. What they were for has not happened; the jobs behind"
        " those in order run without them."
    ),
    todo=_("Look at one. Once the cause is mended, retry them under Repair, or by queues_retry --all --actor {actor}"),
    link="/board/failures/",
    says=[UNKNOWN],
)
def dead_jobs_pressing(now: datetime) -> Iterator[Finding]:
    """A job of an urgent queue or of an order died, or `many` jobs of any queue died of one cause within the hour."""
    many = threshold(f"{PRESSING}.many")
    for dead in _dead(now, PRESSING):
        if dead.is_pressing or dead.count >= many:
            yield dead.finding(0 if dead.is_pressing else many)


def _dead(now: datetime, code: str) -> list[Dead]:
    since = now - timedelta(minutes=threshold(f"{code}.minutes"))
    values = {"now": now, "since": since, "reach": min(since, now - REACH), "urgent": urgent_queues()}
    values["waits"] = now - GRACE
    with connection.cursor() as cursor:
        database = DjangoConnection(cursor)
        _mark_told(database, now, code)
        return [Dead(*row) for row in database.rows(DEAD, values)]


def _mark_told(database: Connection, now: datetime, code: str) -> None:
    """Of what an incident that was told has counted, people know: it is not found again for not having been told."""
    for incident in Incident.objects.filter(code=code, told_at__isnull=False, over_told_at=None):
        kind = {"actor": incident.facts.get("actor"), "error": incident.facts.get("error")}
        database.rows(TOLD, {"now": now, "reach": now - REACH, "seen": incident.seen_at, **kind})
