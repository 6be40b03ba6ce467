"""Selects stored events and sends their jobs again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from askpro.one_by_one import one_by_one
from askpro.queues.ledger.correlation import correlated
from webhooks.inbox.jobs import job_of
from webhooks.models import WebhookEvent


@dataclass(frozen=True, slots=True)
class Choice:
    """Which events to replay. An empty field means all; received from `since` up to, but not at, `until`."""

    provider: str = ""
    company: int | None = None
    statuses: Sequence[str] = ()
    event_type: str = ""
    since: datetime | None = None
    until: datetime | None = None
    ids: Sequence[int] = ()
    call: str = ""
    limit: int | None = None
    force: bool = False

    def events(self) -> QuerySet[WebhookEvent]:
        """The events that a replay would take up, the oldest first, so that a call's start comes before its end."""
        allowed = [*WebhookEvent.UNFINISHED, *(WebhookEvent.FORCED if self.force else ())]
        wished = {
            "provider": self.provider,
            "company": self.company,
            "event_type": self.event_type,
            "subject": self.call,
            "pk__in": list(self.ids),
            "received_at__gte": self.since,
            "received_at__lt": self.until,
        }
        filters = {name: value for name, value in wished.items() if value}
        statuses = [status for status in allowed if not self.statuses or status in self.statuses]
        events = WebhookEvent.objects.filter(status__in=statuses, **filters).exclude(body=b"")
        return events.order_by("pk")[: self.limit]


def replay_one(event: WebhookEvent, force: bool = False) -> bool:
    """Send the job of a stored, and so verified, event again; False if the event is not in a state for it.

    `force` also replays a processed event, since the effects are idempotent, and a conflict, whose content then counts
    too. An event whose type has no job, or whose body was deleted, is left as it is.
    """
    job = job_of(event)
    if job is None or not event.has_body:
        return False
    with transaction.atomic():
        if not event.mark_replayed(force):
            return False
        with correlated(str(event.correlation_id)):
            job.send(event_id=event.pk)
    return True


def replay(events: QuerySet[WebhookEvent], force: bool = False) -> Counter[str]:
    """Send each event's job again, each in its own transaction; returns how many were `sent` and `left`."""
    ids = list(events.values_list("pk", flat=True))
    sent: list[int] = []

    def send(event_id: int) -> None:
        event = WebhookEvent.objects.filter(pk=event_id).first()
        if event is not None and replay_one(event, force):
            sent.append(event_id)

    one_by_one(ids, send)
    return Counter(sent=len(sent), left=len(ids) - len(sent))
