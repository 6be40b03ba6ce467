"""Lets time pass for rows that wait, where the processes that work on them have real clocks."""

from datetime import timedelta

from django.db.models import F, Min
from django.utils import timezone

from appointments.models import Appointment
from askpro.queues.models import Job
from notifications.models import Notification
from tests import gates

WAITING = (Job.Status.SCHEDULED, Job.Status.RETRYING, Job.Status.RELEASED)


def let_pass(span: timedelta) -> None:
    """Make every waiting row older, so that what is due by then is due now."""
    Job.objects.filter(run_at__isnull=False).update(run_at=F("run_at") - span)
    gates.let_pass(span.total_seconds())
    Notification.objects.filter(sending_at__isnull=False).update(sending_at=F("sending_at") - span)
    Appointment.objects.filter(asked_at__isnull=False).update(asked_at=F("asked_at") - span)


def skip_to_next() -> None:
    """Let time pass until the next job is due; nothing if none waits for a time."""
    next_at = Job.objects.filter(status__in=WAITING).aggregate(next=Min("run_at"))["next"]
    if next_at is not None and next_at > timezone.now():
        let_pass(next_at - timezone.now())
