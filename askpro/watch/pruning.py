"""Deletes what nobody looks up any more: incidents, messages, mutes and hosts of long ago."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet

from askpro.watch.models import Delivery, Incident, Mute, Notice, Watcher, live_incidents

# Seconds between two looks, and rows that one look deletes of each table: others need the database, too.
EVERY: Final = 3600.0
BITE: Final = 500


def prune(now: datetime) -> int:
    """Returns how many rows were deleted; what is alive or still to be told stays, however old it is."""
    before = now - timedelta(days=settings.WATCH_DAYS)
    live = live_incidents().values("pk")
    waiting = Delivery.objects.filter(status=Delivery.Status.WAITING).values("notice_id")
    return sum(
        map(
            _bite,
            (
                Incident.objects.filter(over_at__lt=before).exclude(pk__in=live),
                Notice.objects.filter(created_at__lt=before).exclude(pk__in=waiting),
                Mute.objects.filter(until__lt=before),
                Watcher.objects.filter(beat_at__lt=before),
            ),
        )
    )


def _bite(rows: QuerySet[Any]) -> int:
    some = list(rows.order_by("pk").values_list("pk", flat=True)[:BITE])
    if some:
        rows.model._base_manager.filter(pk__in=some).delete()
    return len(some)
