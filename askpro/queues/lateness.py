"""Queues that break their promise: one event when it happens and one when it is over, whoever of the fleet looks."""

from django.db import connection, transaction

from askpro.queues import alerts, fleet
from askpro.queues.balancing import Backlog, backlogs
from askpro.queues.config import promise
from askpro.queues.database import DjangoConnection
from askpro.queues.models import FleetEvent

# Seconds after an event of a queue in which its next break of the promise is no new one.
QUIET = 300.0
LATEST = """
SELECT DISTINCT ON (about) about, kind, extract(epoch FROM clock_timestamp() - at)::float8
  FROM queues_fleetevent WHERE about <> '' ORDER BY about, id DESC
"""
LATE, WELL = FleetEvent.Kind.QUEUE_LATE, FleetEvent.Kind.QUEUE_WELL


def look() -> int:
    """Note what has changed since somebody looked last; returns how many queues it is."""
    with transaction.atomic():
        if not alerts.is_alone():
            return 0
        with connection.cursor() as cursor:
            database = DjangoConnection(cursor)
            latest = {about: (kind, ago) for about, kind, ago in database.rows(LATEST)}
            events = [
                event
                for queue, backlog in backlogs(database, fleet.paused(database)).items()
                if (event := _event(queue, backlog, *latest.get(queue, (WELL, QUIET))))
            ]
        return len(FleetEvent.objects.bulk_create(events))


def _event(queue: str, backlog: Backlog, last: str, ago: float) -> FleetEvent | None:
    promised = promise(queue)
    if last != LATE and backlog.oldest > promised and ago >= QUIET:
        text = f"The oldest ready job of {queue} is {backlog.oldest:.0f} s old; promised are {promised:g} s."
        return FleetEvent(kind=LATE, about=queue, text=f"{text} {backlog.ready} are ready.")
    # Well within the promise: not every job at its edge is news.
    if last == LATE and backlog.oldest <= promised / 2:
        return FleetEvent(kind=WELL, about=queue, text=f"{queue} keeps its promise of {promised:g} s again.")
    return None
