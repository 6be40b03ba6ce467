"""Finds messages that need a job but have none, and sends it. Runs every half minute; cheap when all is well."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from askpro.one_by_one import one_by_one
from askpro.queues.models import Job
from askpro.sweeping import tag, tagged, without_job
from notifications import sending, tasks
from notifications.delivery import untold
from notifications.models import Notification
from notifications.why import Why

Status = Notification.Status

AT_ONCE: Final = 200
# Pages per sweep. In a long list, most wait for a person to correct what their jobs were refused for.
MOST_PAGES: Final = 25
# A row younger than this still has the job that was committed with it.
FORGOTTEN_AFTER: Final = timedelta(minutes=2)
# The pause grows with each dead job, so that it outlasts an outage of hours and a bug does not fill the list.
PAUSE_AFTER_DEAD: Final = timedelta(minutes=15)
MOST_DEAD_JOBS: Final = 5
GIVE_UP_AFTER: Final = timedelta(hours=48)
UNREPORTED_AFTER: Final = timedelta(minutes=10)
ASK_AGAIN_AFTER: Final = timedelta(hours=1)
ASK_FOR: Final = timedelta(days=1)
# Twilio prices a message some time after it has arrived.
UNPRICED_AFTER: Final = timedelta(hours=1)
ASK_FOR_PRICE_AGAIN_AFTER: Final = timedelta(hours=12)
ASK_FOR_PRICE_FOR: Final = timedelta(days=3)
# Refused accounts and senders: a person must correct something, then retry the job.
FOR_PEOPLE: Final = "askpro.queues.errors.Rejected"

SENDERS: Final = (*sending.JOBS.values(), sending.REPORTS)


def sweep() -> None:
    """Send missing jobs, give up old messages, ask Twilio about unreported and unpriced ones, and ask people to call
    customers."""
    one_by_one((resend_forgotten, ask_about_unreported, ask_about_unpriced, untold.sweep), lambda part: part())


def resend_forgotten() -> int:
    """Send jobs for unsent rows that have no live one; returns how many. The job looks before it sends."""
    revived: list[bool] = []
    for rows in _unsent():
        jobs = _jobs(rows)
        one_by_one([(row, jobs[_tag(row)]) for row in rows], lambda pair: revived.append(_revive(*pair)))
    return sum(revived)


def ask_about_unreported() -> int:
    """Send jobs that ask Twilio about SMS sent a while ago and not reported on since; returns how many."""
    now = timezone.now()
    silent = Notification.objects.filter(
        Q(polled_at=None) | Q(polled_at__lte=now - ASK_AGAIN_AFTER),
        status=Status.SENT,
        channel=Notification.Channel.SMS,
        sent_at__range=(now - ASK_FOR, now - UNREPORTED_AFTER),
    )
    return _ask(silent)


def ask_about_unpriced() -> int:
    """Send jobs that ask Twilio what an SMS that has arrived, or not, was charged as; returns how many."""
    now = timezone.now()
    unpriced = Notification.objects.filter(
        Q(polled_at=None) | Q(polled_at__lte=now - ASK_FOR_PRICE_AGAIN_AFTER),
        status__in=[Status.DELIVERED, Status.FAILED],
        channel=Notification.Channel.SMS,
        price=None,
        provider_id__isnull=False,
        sent_at__range=(now - ASK_FOR_PRICE_FOR, now - UNPRICED_AFTER),
    )
    return _ask(unpriced)


def _ask(messages: QuerySet[Notification]) -> int:
    sent: list[int] = []

    def ask(notification: Notification) -> None:
        if messages.filter(pk=notification.pk).update(polled_at=timezone.now()):
            tasks.check_sms_delivery.send(notification_id=notification.pk, company_id=notification.company_id)
            sent.append(notification.pk)

    one_by_one(messages.order_by("sent_at")[:AT_ONCE], ask, atomic=True)
    return len(sent)


def _unsent() -> Iterator[list[Notification]]:
    old = timezone.now() - FORGOTTEN_AFTER
    unsent = Notification.objects.filter(status__in=Notification.UNSENT, created_at__lt=old)
    rows = without_job(unsent, tag("notification"), SENDERS).order_by("id")
    last = 0
    for _ in range(MOST_PAGES):
        page = list(rows.filter(pk__gt=last)[:AT_ONCE])
        if not page:
            return
        yield page
        last = page[-1].pk


def _revive(notification: Notification, jobs: list[Job]) -> bool:
    if any(job.status in Job.LIVE for job in jobs):
        return False
    if jobs and max(jobs, key=lambda job: job.pk).status == Job.Status.CANCELLED:
        # An operator did not want it sent; one that may have been sent already cannot be called back.
        if not notification.skip(Why.JOB_CANCELLED):
            notification.mark_failed(Why.JOB_CANCELLED)
        return False
    dead = [job for job in jobs if job.status == Job.Status.DEAD]
    if timezone.now() - notification.created_at > GIVE_UP_AFTER or len(dead) >= MOST_DEAD_JOBS:
        notification.mark_failed(Why.GIVEN_UP)
        return False
    if not _is_due(dead):
        return False
    with transaction.atomic():
        # Other hosts sweep, too, so check again once the row is locked.
        locked = Notification.objects.select_for_update(skip_locked=True).filter(
            pk=notification.pk, status__in=Notification.UNSENT
        )
        if not locked or any(job.status in Job.LIVE for job in _jobs([notification])[_tag(notification)]):
            return False
        sending.send_job(notification)
    return True


def _is_due(dead: list[Job]) -> bool:
    if any(job.error_class == FOR_PEOPLE for job in dead):
        return False
    ends = [job.finished_at for job in dead if job.finished_at is not None]
    return not ends or timezone.now() - max(ends) > PAUSE_AFTER_DEAD * len(dead)


def _jobs(notifications: list[Notification]) -> dict[str, list[Job]]:
    """The jobs of each notification, by its tag, in one query."""
    by_tag: dict[str, list[Job]] = defaultdict(list)
    tags = [_tag(notification) for notification in notifications]
    jobs = tagged(*tags).filter(actor_name__in=SENDERS)
    for job in jobs.only("id", "tags", "status", "finished_at", "error_class") if tags else []:
        for name in job.tags:
            by_tag[name].append(job)
    return by_tag


def _tag(notification: Notification) -> str:
    return f"notification:{notification.pk}"
