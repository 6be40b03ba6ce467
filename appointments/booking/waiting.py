"""Tells a person about requests whose booking takes long, for any reason, and ends the wait in time."""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import (
    Case,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.utils import timezone

from appointments import follow_ups
from appointments.booking.handover import hand_over
from appointments.booking.rules import Problem, problem_with
from appointments.models import Appointment, Detail, FollowUp
from askpro import gates, sweeping
from askpro.by_name import job
from askpro.one_by_one import one_by_one
from askpro.queues import wake
from askpro.queues.models import GateState, Job
from calls.models import BookingRequest

# The sweeper comes every half minute, so a person knows two minutes after the call at the latest.
TOLD_AFTER: Final = timedelta(seconds=80)
# The wait must end in time, although the sweeper runs only every half minute.
SLACK: Final = timedelta(minutes=1)
AT_ONCE: Final = 500
# The tag of the job that books a request.
JOB_TAG: Final = Case(When(call=None, then=sweeping.tag("request")), default=sweeping.tag("call", "call_id"))
FROM_CALL: Final = "create_appointment_from_call"
FROM_REQUEST: Final = "create_appointment_from_request"
BOOKERS: Final = (FROM_CALL, FROM_REQUEST)
NOTICE: Final = ExpressionWrapper(F("service__minimum_notice_minutes") * Value(timedelta(minutes=1)), DurationField())
WAITING: Final = [status for status in Job.LIVE if status != Job.Status.PROCESSING]


def tell_of_waiting() -> int:
    """Open a follow-up for each request that still waits to be booked; booking settles it. Returns how many."""
    asked = Q(booking_request=OuterRef("pk")) | Q(booking=OuterRef("pk"))
    known = FollowUp.objects.filter(asked, status=FollowUp.Status.OPEN)
    requests = _waiting(Q(~Exists(known), created_at__lt=timezone.now() - TOLD_AFTER))
    shut = set(GateState.objects.filter(shut_until__isnull=False).values_list("name", flat=True))
    return _with_each(requests, lambda request, appointment: _tell(request, _why(request, shut), appointment))


def end_waiting() -> int:
    """Give requests that can no longer be booked in time to a person, even while no worker runs. Returns how many."""
    soon = timezone.now() + SLACK
    late = Q(starts_at__lt=ExpressionWrapper(Value(soon) + NOTICE, DateTimeField()))
    requests = _waiting(late)
    return _with_each(requests, lambda request, appointment: _end(request, problem_with(request, soon), appointment))


def unbooked() -> QuerySet[BookingRequest]:
    """Open requests without a booking at Cal.com; one with a booking waits for the host."""
    waits_for_host = Appointment.objects.filter(booking_request=OuterRef("pk"), calcom_uid__isnull=False)
    return BookingRequest.objects.filter(~Exists(waits_for_host), status=BookingRequest.Status.OPEN)


def _waiting(condition: Q) -> list[BookingRequest]:
    """Those whose job waits for its turn, for a later time, or for Cal.com."""
    related = ("company", "call__branch__company", "call__customer", "branch__company", "customer", "service")
    rows = unbooked().select_related(*related).filter(condition)
    return list(sweeping.with_job(rows, JOB_TAG, BOOKERS, WAITING).order_by("created_at")[:AT_ONCE])


def _with_each(requests: list[BookingRequest], act: Callable[[BookingRequest, Appointment | None], None]) -> int:
    """Call `act`, under its lock, with each that still waits and is not locked elsewhere; returns how many there were.

    The appointment is locked before the request, in the same order as when a booking is mirrored or given up.
    """

    def under_lock(request: BookingRequest) -> None:
        reserved = Appointment.objects.select_for_update(no_key=True).filter(booking_request=request).first()
        is_booked = reserved is not None and reserved.calcom_uid is not None
        rows = BookingRequest.objects.select_for_update(skip_locked=True, of=("self",))
        as_read = rows.filter(pk=request.pk, status=BookingRequest.Status.OPEN, appointment=reserved)
        if not is_booked and as_read.first() is not None:
            act(request, reserved)

    one_by_one(requests, under_lock, atomic=True)
    return len(requests)


def _why(request: BookingRequest, shut: Collection[str]) -> Detail:
    gate = gates.calcom(request.company.calcom_api_key or settings.CALCOM_API_KEY)
    return Detail.NO_ANSWER if gate.name in shut else Detail.TAKES_LONG


def _tell(request: BookingRequest, why: Detail, appointment: Appointment | None) -> None:
    follow_ups.open_for(request, FollowUp.Reason.PROVIDER_DOWN, why, appointment=appointment)


def _end(request: BookingRequest, problem: Problem | None, appointment: Appointment | None) -> None:
    # What may have reached Cal.com stays reserved, until `clear_reservation` has looked there.
    is_certain = appointment is not None and appointment.asked_at is None
    if problem is None or not hand_over(request, problem, appointment if is_certain else None):
        return
    # Its job finds nothing left to book, and the next step of its chain can run.
    if request.call_id is None:
        wake(job(FROM_REQUEST), f"request:{request.pk}")
    else:
        wake(job(FROM_CALL), f"call:{request.call_id}")
