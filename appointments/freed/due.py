"""Freed times and waiting entries with which something is to be done, found by the clock."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from appointments.booking.waiting import unbooked
from appointments.freed import waiting_list
from appointments.models import Appointment, Ending, FreedTime, Offer, WaitingEntry
from askpro import sweeping
from askpro.by_name import job
from askpro.one_by_one import one_by_one
from askpro.queues.models import Job
from notifications.models import Notification

State = FreedTime.State

JOB: Final = "offer_freed_time"
AT_ONCE: Final = 200
# Its own job, sent with the row, comes first.
FORGOTTEN_AFTER: Final = timedelta(seconds=20)


def send_due() -> None:
    """Send a job for each freed time that is due and has none."""
    # The operators were told of a dead job, which waits for them.
    states = (*Job.LIVE, Job.Status.DEAD)
    rows = sweeping.without_job(due(timezone.now()), sweeping.tag("freed_time"), (JOB,), states)
    one_by_one(rows.order_by("due_at", "id")[:AT_ONCE], _send, atomic=True)


def end_past() -> None:
    """End freed times that have begun, even while no worker runs."""
    begun = FreedTime.objects.filter(state=State.OPEN, starts_at__lte=timezone.now())
    one_by_one(begun.order_by("id")[:AT_ONCE], lambda freed: freed.end(Ending.TOO_NEAR), atomic=True)


def expire_entries() -> None:
    """Take waiting entries off the list whose last day is over, and have a person call the customer."""
    now = timezone.now()
    asked = Offer.objects.filter(waiting_entry=OuterRef("pk"), state__in=Offer.LIVE)
    rows = WaitingEntry.objects.filter(~Exists(asked), state=WaitingEntry.State.WAITING, last_day__lte=now.date())
    related = rows.select_related("company", "branch__company", "customer", "service", "follow_up")
    one_by_one(related.order_by("last_day", "id")[:AT_ONCE], lambda entry: waiting_list.expire(entry, now), atomic=True)


def due(now: datetime) -> QuerySet[FreedTime]:
    """Those with something to do at `now`.

    That is one whose time to wait is over; one that was taken meanwhile, or whose message reached nobody, although its
    customer could still answer; and one whose booking is known to have succeeded or failed.
    """
    waited = Q(due_at__lte=now - FORGOTTEN_AFTER)
    offered = Q(state=State.OPEN) & (waited | Q(Exists(_taken())) | Q(Exists(_unheard())))
    accepted = Q(state=State.ACCEPTED) & ~Q(Exists(unbooked().filter(offer__freed_time=OuterRef("pk"))))
    return FreedTime.objects.filter(offered | accepted, state__in=FreedTime.LIVE)


def _taken() -> QuerySet[Appointment]:
    stands = (Appointment.Status.REQUESTED, Appointment.Status.CONFIRMED)
    rows = Appointment.objects.filter(company=OuterRef("company"), staff=OuterRef("staff"), status__in=stands)
    return rows.filter(starts_at__lt=OuterRef("ends_at"), ends_at__gt=OuterRef("starts_at"))


def _unheard() -> QuerySet[Notification]:
    rows = Notification.objects.filter(offer__freed_time=OuterRef("pk"), offer__state=Offer.State.OPEN)
    return rows.filter(kind=Notification.Kind.OFFER, status__in=Notification.REACHES_NOBODY)


def _send(freed: FreedTime) -> None:
    job(JOB).send(freed_time_id=freed.pk, company_id=freed.company_id)
