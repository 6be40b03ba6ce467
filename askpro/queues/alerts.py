"""Telling people: by mail straight from the chores process, never through a queue that may be failing."""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Count
from django.db.models.functions import Now

from askpro.queues.models import FleetEvent, Job

log = logging.getLogger(__name__)

# A queue whose dead jobs somebody must know of at once.
URGENT = ("critical",)


def tell_of_dead_jobs() -> int:
    """Mail one summary of all dead critical jobs that nobody was told of; returns how many jobs it names.

    It carries names of jobs and errors only: what a caller said must not travel by mail.
    """
    ids = list(Job.objects.filter(status="dead", queue_name__in=URGENT, alerted_at=None).values_list("pk")[:1000])
    jobs = Job.objects.filter(pk__in=[pk for (pk,) in ids])
    if not ids:
        return 0
    groups = jobs.order_by().values_list("actor_name", "error_class").annotate(Count("id")).order_by("actor_name")
    lines = [f"{count} x {actor_name}: {error_class or 'unknown'}" for actor_name, error_class, count in groups]
    log.critical("Dead critical jobs: %s", "; ".join(lines))
    if settings.OPS_EMAILS:
        where = f"{settings.PUBLIC_URL}/admin/queues/job/?status__exact=dead"
        subject = f"AskPro: {len(ids)} critical job{'s' if len(ids) > 1 else ''} gave up"
        _mail(subject, [*lines, "", f"Look and retry: {where}"])
    with transaction.atomic():
        jobs.update(alerted_at=Now())
    return len(ids)


def tell_of_events() -> int:
    """Mail what happened to the fleet and nobody was told of: dead hosts, stuck workers, trouble at the start."""
    events = list(FleetEvent.objects.filter(kind__in=FleetEvent.URGENT, alerted_at=None).order_by("pk")[:1000])
    if not events:
        return 0
    lines = [f"{event.at:%Y-%m-%d %H:%M:%S %Z} {event.text}" for event in events]
    log.critical("The fleet: %s", "; ".join(event.text for event in events))
    if settings.OPS_EMAILS:
        _mail(f"AskPro: {events[0].get_kind_display()}", [*lines, "", f"Look: {settings.PUBLIC_URL}/admin/"])
    with transaction.atomic():
        FleetEvent.objects.filter(pk__in=[event.pk for event in events]).update(alerted_at=Now())
    return len(events)


def _mail(subject: str, lines: list[str]) -> None:
    send_mail(subject=subject, message="\n".join(lines), from_email=None, recipient_list=settings.OPS_EMAILS)
