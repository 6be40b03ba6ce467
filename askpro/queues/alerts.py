"""Telling people: a dead critical job is mailed from the chores process, never through a queue that may be failing."""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Count
from django.db.models.functions import Now

from askpro.queues.models import Job

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
        _mail(lines, len(ids))
    with transaction.atomic():
        jobs.update(alerted_at=Now())
    return len(ids)


def _mail(lines: list[str], count: int) -> None:
    where = f"{settings.PUBLIC_URL}/admin/queues/job/?status__exact=dead"
    send_mail(
        subject=f"AskPro: {count} critical job{'s' if count > 1 else ''} gave up",
        message="\n".join([*lines, "", f"Look and retry: {where}"]),
        from_email=None,
        recipient_list=settings.OPS_EMAILS,
    )
