"""Canaries: jobs that prove the whole way through each queue, every minute."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext_lazy as _

from askpro.health.canaries import canaries
from askpro.queues.config import promise
from askpro.queues.ledger.database import DjangoConnection
from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold
from askpro.watch.living import living


@condition(
    code="canary_missing",
    title=_("A queue lets no canary through"),
    severity=Severity.CRITICAL,
    needs=[Source.POSTGRES],
    every=15,
    lasts=0,
    clears=0,
    thresholds={"seconds": 180},
    cause=_(
        "The job that is sent to {about} each minute has not come through for {seconds} s. Workers may live and not"
        " work, or the schedule does not run."
    ),
    todo=_("Do the workers of the queue run anything (queues_status)? queues_restart replaces them."),
    link="/board/fleet/",
)
def canary_missing(now: datetime) -> Iterator[Finding]:
    """None has come through a queue for `seconds` beyond its promise. Without any living host, `no_queues_run` says
    so; in a paused queue none is missed."""
    if not living(now):
        return
    with connection.cursor() as cursor:
        found = canaries(DjangoConnection(cursor), now)
    for queue, canary in found.items():
        most = threshold("canary_missing.seconds") + promise(queue)
        if canary.age is not None and canary.age > most:
            # Not how long it is ago: that grows without getting worse.
            facts = {"seconds": round(canary.age)}
            yield Finding(queue, 1, 1, now - timedelta(seconds=canary.age), facts)
