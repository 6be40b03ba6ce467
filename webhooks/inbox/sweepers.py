"""Finds stored events that need a job but have none, and sends it again."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from askpro.one_by_one import one_by_one
from askpro.queues.ledger.correlation import correlated
from askpro.queues.models import Job
from askpro.sweeping import tag, tagged, without_job
from webhooks.inbox.jobs import actor_names, job_of
from webhooks.models import WebhookEvent

log = logging.getLogger(__name__)

# An event and its job are written together, so one is rarely missing: cancelled by hand, or lost to a restored backup.
FORGOTTEN_AFTER = timedelta(minutes=2)
AT_ONCE = 200


def resend_forgotten() -> int:
    """Send a new job for received events that have none, and close those whose job is dead or was cancelled.

    Safe to run anywhere at any time: each event is locked, and looked at again under the lock.
    """
    waiting = WebhookEvent.objects.filter(
        status=WebhookEvent.Status.RECEIVED, received_at__lt=timezone.now() - FORGOTTEN_AFTER
    )
    forgotten = without_job(waiting, tag("event"), actor_names()).order_by("received_at")
    settled: list[bool] = []
    one_by_one(forgotten.values_list("pk", flat=True)[:AT_ONCE], lambda pk: settled.append(_settle(pk)))
    return sum(settled)


def _settle(event_id: int) -> bool:
    with transaction.atomic():
        event = (
            WebhookEvent.objects.select_for_update(skip_locked=True)
            .filter(pk=event_id, status=WebhookEvent.Status.RECEIVED)
            .first()
        )
        # Chosen in Python: with ORDER BY and LIMIT, PostgreSQL would walk through all jobs from the newest on.
        newest = max(tagged(f"event:{event_id}"), key=lambda job: job.pk, default=None)
        if event is None or (newest is not None and newest.status in Job.LIVE):
            return False
        if newest is not None and newest.status == Job.Status.DEAD:
            return event.mark_failed(f"Job {newest.pk} gave up: {newest.error_class}")
        if newest is not None and newest.status == Job.Status.CANCELLED:
            return event.mark_ignored(f"Job {newest.pk} was cancelled.")
        return _resend(event)


def _resend(event: WebhookEvent) -> bool:
    job = job_of(event)
    if job is None:
        return event.mark_ignored("No job works on this type.")
    with correlated(str(event.correlation_id)):
        job.send(event_id=event.pk)
    log.warning("Event %d had no job and got a new one", event.pk)
    return True
