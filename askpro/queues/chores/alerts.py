"""Telling people: by mail straight from the chores process, never through a queue that may be failing."""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.models import Count, Q
from django.db.models.functions import Now

from askpro.queues.config import urgent_queues
from askpro.queues.models import FleetEvent, Job

log = logging.getLogger(__name__)

OUT_OF_ORDER = " (in order: the jobs behind it run without it)"
MOST_AT_ONCE = 1000


def tell_of_dead_jobs() -> int:
    """Mail one summary of the dead jobs that have not been reported yet; returns how many jobs it names.

    Reported are jobs of urgent queues, and jobs of an `in_order` key: the jobs behind those run without them.

    The mail carries names of jobs and errors only: what a caller said must not travel by mail.
    """
    with transaction.atomic():
        # Supervisors of two hosts must not report the same jobs; the one that comes second looks again soon.
        return _tell() if is_alone() else 0


def tell_of_events() -> int:
    """Mail the urgent events of the fleet not reported yet: dead hosts, stuck workers, late queues, and their end."""
    with transaction.atomic():
        return _tell_of_events() if is_alone() else 0


def is_alone() -> bool:
    """Whether no other supervisor is reporting or noting now; if so, none will until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('askpro.queues.alerts'))")
        return bool(cursor.fetchone()[0])


def _tell() -> int:
    pressing = Q(queue_name__in=urgent_queues()) | Q(in_order=True)
    dead = Job.objects.filter(pressing, status="dead", alerted_at=None)
    # Locked rows are not put away meanwhile: where they would be then, they would not be found to be marked as told.
    ids = list(dead.select_for_update(skip_locked=True).values_list("pk", flat=True)[:MOST_AT_ONCE])
    if not ids:
        return 0
    jobs = Job.objects.filter(pk__in=ids)
    groups = jobs.order_by().values_list("actor_name", "error_class", "in_order").annotate(Count("id"))
    lines = [
        f"{count} x {actor_name}: {error_class or 'unknown'}{OUT_OF_ORDER if in_order else ''}"
        for actor_name, error_class, in_order, count in groups.order_by("actor_name")
    ]
    log.critical("Dead jobs: %s", "; ".join(lines))
    if settings.OPS_EMAILS:
        where = f"{settings.CONSOLE_URL}/queues/job/?status__exact=dead"
        subject = f"{len(ids)} job{'s' if len(ids) > 1 else ''} gave up"
        _mail(subject, [*lines, "", f"Look and retry: {where}"])
    jobs.update(alerted_at=Now())
    return len(ids)


def _tell_of_events() -> int:
    untold = FleetEvent.objects.filter(kind__in=FleetEvent.URGENT, alerted_at=None)
    events = list(untold.order_by("pk")[:MOST_AT_ONCE])
    if not events:
        return 0
    lines = [f"{event.at:%Y-%m-%d %H:%M:%S %Z} {event.text}" for event in events]
    log.critical("The fleet: %s", "; ".join(event.text for event in events))
    if settings.OPS_EMAILS:
        _mail(f"{events[0].get_kind_display()}", [*lines, "", f"Look: {settings.CONSOLE_URL}/"])
    FleetEvent.objects.filter(pk__in=[event.pk for event in events]).update(alerted_at=Now())
    return len(events)


def _mail(subject: str, lines: list[str]) -> None:
    subject = settings.EMAIL_SUBJECT_PREFIX + subject
    send_mail(subject=subject, message="\n".join(lines), from_email=None, recipient_list=settings.OPS_EMAILS)
