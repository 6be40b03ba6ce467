"""Finds rows that need a job but have none, and sends it. Cheap, bounded, harmless if run twice or by many hosts."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from appointments import follow_ups
from appointments.booking import silent_hosts, surplus
from appointments.booking.handover import hand_over_dead
from appointments.booking.waiting import BOOKERS, JOB_TAG, end_waiting, tell_of_waiting, unbooked
from appointments.changes import unfinished
from appointments.freed import due
from appointments.models import Appointment, Detail, FollowUp
from appointments.reminders import planning
from appointments.tasks import booking_chain, cancel_surplus_bookings, clear_reservation, update_analytics
from askpro import sweeping
from askpro.one_by_one import one_by_one
from askpro.queues.models import Job
from calls.models import BookingRequest

# A chain reaches its booking within seconds; an older request without a job was forgotten.
FORGOTTEN_AFTER: Final = timedelta(minutes=5)
MOST: Final = 200
# A request waits for these jobs: if one of them is dead, nothing will book it.
BOOKING_ACTORS: Final = ("identify_customer", *BOOKERS)


def sweep() -> None:
    """Called every half minute by the chores process of every supervisor."""
    parts = (
        resend_forgotten_requests,
        clear_forgotten_reservations,
        cancel_forgotten_surplus,
        end_waiting,
        tell_of_waiting,
        ask_silent_hosts,
        planning.plan_forgotten,
        unfinished.end_late,
        unfinished.resend_forgotten,
        unfinished.tell_of_waiting,
        due.send_due,
        due.end_past,
        due.expire_entries,
    )
    one_by_one(parts, lambda part: part())


def resend_forgotten_requests() -> None:
    """Find open requests without a live booking job: if its job gave up, tell a person, else send a new job."""
    with transaction.atomic():
        requests = _requests_in_question()
        statuses = sweeping.statuses(BOOKING_ACTORS, [_tag(request) for request in requests])
        forgotten = {}
        gave_up = []
        for request in requests:
            found = statuses.get(_tag(request), set())
            if found & {Job.Status.DEAD, Job.Status.CANCELLED}:
                gave_up.append(request)
            else:
                # One job does all requests of a call.
                forgotten[_tag(request)] = request
        one_by_one(gave_up, _hand_over_dead, atomic=True)
        one_by_one(forgotten.values(), lambda request: booking_chain(request).send(), atomic=True)


def clear_forgotten_reservations() -> None:
    """Find reservations that may be bookings at Cal.com although a person now has the request, and send their job."""
    # The operators were told of a dead job, which waits for them.
    states = (*Job.LIVE, Job.Status.DEAD)
    with transaction.atomic():
        reserved = (
            Appointment.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(Appointment.IS_RESERVATION, updated_at__lt=_long_ago())
            .exclude(booking_request__status=BookingRequest.Status.OPEN)
        )
        forgotten = sweeping.without_job(reserved, sweeping.tag("appointment"), ("clear_reservation",), states)
        first = forgotten.order_by("updated_at")[:MOST]
        one_by_one(first, _clear, atomic=True)


def cancel_forgotten_surplus() -> None:
    """Find surplus bookings that still exist: send their job again, and tell a person in time."""
    old = surplus.waiting().filter(surplus_since__lt=timezone.now() - surplus.PATIENCE).order_by("surplus_since")
    rows = Appointment.objects.select_related("booking_request__call", "booking_request__company")
    unwanted = rows.filter(pk__in=old.values_list("appointment", flat=True)[:MOST])
    one_by_one(unwanted, surplus.tell, atomic=True)
    states = (*Job.LIVE, Job.Status.DEAD)
    forgotten = sweeping.without_job(unwanted, sweeping.tag("appointment"), ("cancel_surplus_bookings",), states)
    one_by_one(forgotten, _cancel_surplus, atomic=True)
    one_by_one(_told_in_vain(), follow_ups.settle_not_cancelled, atomic=True)


def ask_silent_hosts() -> None:
    """Find bookings that wait too long for the host's approval or a payment, and tell a person, once per wait."""
    with transaction.atomic():
        rows = silent_hosts.unanswered().select_for_update(skip_locked=True, of=("self",)).order_by("updated_at")
        related = rows.select_related("booking_request__company", "booking_request__call__branch__company")
        one_by_one(related[:MOST], silent_hosts.ask, atomic=True)


def _clear(appointment: Appointment) -> None:
    clear_reservation.send(appointment_id=appointment.pk, company_id=appointment.company_id)


def _cancel_surplus(appointment: Appointment) -> None:
    cancel_surplus_bookings.send(appointment_id=appointment.pk, company_id=appointment.company_id)


def _told_in_vain() -> QuerySet[Appointment]:
    told = FollowUp.objects.filter(reason=FollowUp.Reason.NOT_CANCELLED, status=FollowUp.Status.OPEN)
    settled = told.exclude(appointment__in=surplus.waiting().values("appointment"))
    return Appointment.objects.filter(pk__in=settled.values_list("appointment", flat=True)[:MOST])


def _requests_in_question() -> list[BookingRequest]:
    is_known = FollowUp.objects.filter(
        booking_request=OuterRef("pk"), status=FollowUp.Status.OPEN, reason=FollowUp.Reason.JOB_DEAD
    )
    rows = (
        unbooked()
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("company", "call__branch__company", "call__customer", "branch__company", "customer")
        .filter(~Exists(is_known), created_at__lt=_long_ago())
    )
    # The tag that `_tag` gives.
    return list(sweeping.without_job(rows, JOB_TAG, BOOKING_ACTORS).order_by("id")[:MOST])


def _hand_over_dead(request: BookingRequest) -> None:
    hand_over_dead(request, Detail.BOOKING_FAILED)
    if request.call_id:
        update_analytics.send(call_id=request.call_id, company_id=request.company_id)


def _tag(request: BookingRequest) -> str:
    return f"call:{request.call_id}" if request.call_id else f"request:{request.pk}"


def _long_ago() -> datetime:
    return timezone.now() - FORGOTTEN_AFTER
