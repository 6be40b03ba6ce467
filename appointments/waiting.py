"""Requests whose booking takes long, for whatever reason: a person is told, and the wait has an end."""

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, DateTimeField, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, Value, When
from django.utils import timezone

from appointments import follow_ups
from appointments.booking import hand_over
from appointments.models import Appointment, Detail, FollowUp
from appointments.rules import Problem, problem_with
from appointments.tasks import create_appointment_from_call, create_appointment_from_request
from askpro import gates, sweeping
from askpro.one_by_one import one_by_one
from askpro.queues import wake
from askpro.queues.models import GateState, Job
from calls.models import BookingRequest

# The sweeper comes every half minute, so a person knows two minutes after the call at the latest.
TOLD_AFTER = timedelta(seconds=80)
# An end in time although the sweeper comes every half minute only.
SLACK = timedelta(minutes=1)
AT_ONCE = 500
BOOKERS = ("create_appointment_from_call", "create_appointment_from_request")
NOTICE = ExpressionWrapper(F("service__minimum_notice_minutes") * Value(timedelta(minutes=1)), DurationField())
WAITING = (Job.Status.QUEUED, Job.Status.RETRYING, Job.Status.RELEASED)


def tell_of_waiting() -> int:
    """Open a follow-up for each request that still waits to be booked; booking settles it. Returns how many."""
    known = FollowUp.objects.filter(booking_request=OuterRef("pk"), status=FollowUp.Status.OPEN)
    with transaction.atomic():
        requests = _waiting(Q(~Exists(known), created_at__lt=timezone.now() - TOLD_AFTER))
        shut = set(GateState.objects.filter(shut_until__isnull=False).values_list("name", flat=True))
        one_by_one(requests, lambda request: _tell(request, _why(request, shut)), atomic=True)
        return len(requests)


def end_waiting() -> int:
    """Give to a person what cannot be booked in time any more, whoever works the queues. Returns how many."""
    soon = timezone.now() + SLACK
    with transaction.atomic():
        late = Q(starts_at__lt=ExpressionWrapper(Value(soon) + NOTICE, DateTimeField()))
        requests = _waiting(late)
        one_by_one(requests, lambda request: _end(request, problem_with(request, soon)), atomic=True)
        return len(requests)


def _waiting(condition: Q) -> list[BookingRequest]:
    """Open requests whose job waits for its turn, a time or Cal.com, and not for a host's yes."""
    waits_for_host = Appointment.objects.filter(booking_request=OuterRef("pk"), calcom_uid__isnull=False)
    rows = (
        BookingRequest.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("company", "call__branch__company", "call__customer", "branch__company", "customer", "service")
        .filter(condition, ~Exists(waits_for_host), status=BookingRequest.Status.OPEN)
    )
    row_tag = Case(When(call=None, then=sweeping.tag("request")), default=sweeping.tag("call", "call_id"))
    return list(sweeping.with_job(rows, row_tag, BOOKERS, WAITING).order_by("created_at")[:AT_ONCE])


def _why(request: BookingRequest, shut: Collection[str]) -> Detail:
    gate = gates.calcom(request.company.calcom_api_key or settings.CALCOM_API_KEY)
    return Detail.NO_ANSWER if gate.name in shut else Detail.TAKES_LONG


def _tell(request: BookingRequest, why: Detail) -> None:
    appointment = Appointment.objects.filter(booking_request=request).first()
    follow_ups.open_for(request, FollowUp.Reason.PROVIDER_DOWN, why, appointment=appointment)


def _end(request: BookingRequest, problem: Problem | None) -> None:
    appointment = Appointment.objects.filter(booking_request=request).first()
    # What may have reached Cal.com stays reserved, until `clear_reservation` has looked there.
    is_certain = appointment is not None and appointment.asked_at is None
    if problem is None or not hand_over(request, problem, appointment if is_certain else None):
        return
    # Its job finds nothing left to book, and what follows it goes on.
    if request.call_id is None:
        wake(create_appointment_from_request, f"request:{request.pk}")
    else:
        wake(create_appointment_from_call, f"call:{request.call_id}")
