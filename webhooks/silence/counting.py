"""Counts what came in by the hour, from the events."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Min

from webhooks.models import Arrivals, WebhookEvent
from webhooks.silence.habit import HOUR, WEEKS, whole_hour

# An event counts for its company once its job has run: hours are counted again until the jobs of all their events have,
# but not for longer than this.
LONGEST_OPEN: Final = timedelta(hours=48)
# Where the first count begins.
FIRST: Final = timedelta(weeks=WEEKS + 1)
KEPT: Final = timedelta(days=400)
AT_ONCE: Final = 5000

# A webhook that came after its call was fetched is a duplicate of what was stored then.
ARRIVED: Final = "CASE WHEN fetched THEN last_duplicate_at ELSE received_at END"
COUNT: Final = f"""
    INSERT INTO webhooks_arrivals (company_id, provider, hour, subjects, events, fetched, unassigned, ignored, last_at,
                                   first_event)
    SELECT company_id, provider, date_trunc('hour', received_at, 'UTC'),
           count(DISTINCT subject) FILTER (WHERE {ARRIVED} IS NOT NULL), count(*),
           count(DISTINCT subject) FILTER (WHERE {ARRIVED} IS NULL), count(*) FILTER (WHERE status = 'unassigned'),
           count(*) FILTER (WHERE status = 'ignored'),
           max({ARRIVED}), min(id)
    FROM webhooks_webhookevent WHERE id >= %s AND received_at >= %s
    GROUP BY 1, 2, 3
"""


def count(now: datetime) -> int:
    """Count the hours anew that are not over for good, in the caller's transaction; returns how many rows that are."""
    begin = _open_since(now)
    first = first_event_of(begin)
    Arrivals.objects.filter(hour__gte=begin).delete()
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [first, begin])
        written = cursor.rowcount
    _forget(now)
    return written


def first_event_of(hour: datetime) -> int:
    """An id that no event of this hour or a later one is below, and few before it are above."""
    earlier = Arrivals.objects.filter(hour__lt=hour).order_by("-hour").values_list("hour", flat=True).first()
    if earlier is None:
        return 0
    return Arrivals.objects.filter(hour=earlier).aggregate(first=Min("first_event"))["first"] or 0


def _open_since(now: datetime) -> datetime:
    """The oldest hour that may still change."""
    hour = whole_hour(now)
    last = Arrivals.objects.order_by("-hour").values_list("hour", flat=True).first()
    waiting = WebhookEvent.objects.filter(status=WebhookEvent.Status.RECEIVED, received_at__gt=now - LONGEST_OPEN)
    oldest = waiting.order_by("received_at").values_list("received_at", flat=True).first()
    return min(hour - HOUR, last or hour - FIRST, whole_hour(oldest) if oldest else hour)


def _forget(now: datetime) -> None:
    old = Arrivals.objects.filter(hour__lt=now - KEPT).order_by("hour").values("pk")[:AT_ONCE]
    Arrivals.objects.filter(pk__in=old).delete()
