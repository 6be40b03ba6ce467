"""Opens and settles work for people, once per wish and topic."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from appointments.models import Appointment, Change, Detail, FollowUp
from appointments.models.follow_up import CHANGE
from askpro.language.sentences import Facts
from calls.models import BookingRequest, Call, Unclear
from calls.models.company import CALL_BACK_WITHIN
from notifications import callers, staff

# The job still tries, or has given up: settled as soon as the wish is booked or handed to a person.
INTERIM: Final = (FollowUp.Reason.PROVIDER_DOWN, FollowUp.Reason.JOB_DEAD)
CHANGE_REASONS: Final = {
    Change.Kind.CANCEL: FollowUp.Reason.WANTS_CANCEL,
    Change.Kind.MOVE: FollowUp.Reason.WANTS_MOVE,
}


def open_for(
    request: BookingRequest,
    reason: FollowUp.Reason,
    detail: Detail | Unclear,
    facts: Facts | None = None,
    *,
    appointment: Appointment | None = None,
    alternatives: Sequence[datetime] = (),
    topic: str = "",
) -> FollowUp:
    """The open follow-up of this request, opened now unless an open one says as much; staff are told of a new one."""
    branch = request.where
    values: dict[str, Any] = {
        "company": request.company,
        "branch": branch,
        "call": request.call,
        "customer": request.who,
        "appointment": appointment,
        "words": words(request),
        "detail": detail,
        "detail_facts": detail.checked(facts),
        "alternatives": [slot.isoformat() for slot in alternatives],
        "due_at": branch.call_back_by(timezone.now()),
    }
    with transaction.atomic():
        held = BookingRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
        follow_up, opened = FollowUp.open_once(booking_request=held, reason=reason, topic=topic, **values)
        if opened:
            staff.tell(follow_up)
            callers.tell(follow_up)
    return follow_up


def open_for_call(call: Call, reason: FollowUp.Reason, detail: Detail) -> FollowUp:
    """The open follow-up of a call without any request, opened now if there is none; staff are told of a new one.

    The caller holds the call's lock.
    """
    values = {
        "company": call.company,
        "branch": call.branch,
        "customer": call.customer,
        "detail": detail,
        "detail_facts": detail.checked(),
        "due_at": call.branch.call_back_by(timezone.now()),
    }
    follow_up, opened = FollowUp.objects.get_or_create(
        call=call, booking_request=None, reason=reason, status=FollowUp.Status.OPEN, defaults=values
    )
    if opened:
        staff.tell(follow_up)
    return follow_up


def open_for_change(change: Change, detail: Detail) -> FollowUp:
    """The open follow-up about a change, opened now if there is none; staff are told of a new one.

    A refused change leaves its call to a person, too.
    """
    appointment, now = change.appointment, timezone.now()
    branch = appointment.branch
    due_at = branch.call_back_by(now) if branch else now + CALL_BACK_WITHIN
    with transaction.atomic():
        # The appointment's lock keeps others from opening one meanwhile.
        Appointment.objects.select_for_update(no_key=True).get(pk=appointment.pk)
        follow_up, opened = FollowUp.open_once(
            reason=CHANGE_REASONS[Change.Kind(change.kind)],
            topic=CHANGE,
            company=change.company,
            branch=branch,
            call=change.call or appointment.call,
            customer=appointment.customer,
            appointment=appointment,
            words=change.reason,
            detail=detail,
            detail_facts=detail.checked(change.detail_facts if change.detail == detail else {}),
            alternatives=change.alternatives,
            due_at=min(due_at, appointment.starts_at),
        )
        if opened:
            staff.tell(follow_up)
            callers.tell(follow_up, appointment)
        if change.call is not None and change.state == Change.State.REFUSED:
            change.call.settle_outcome(Call.Outcome.FOLLOW_UP)
    return follow_up


def settle_change(appointment: Appointment, why: Detail) -> int:
    """Settle what a person was asked about a change of the appointment."""
    rows = FollowUp.objects.filter(appointment=appointment, topic=CHANGE, status=FollowUp.Status.OPEN)
    return sum(follow_up.make_obsolete(why) for follow_up in rows)


def make_call_obsolete(call: Call, why: Detail) -> int:
    """Settle the follow-ups that `open_for_call` opened."""
    rows = FollowUp.objects.filter(call=call, booking_request=None, status=FollowUp.Status.OPEN)
    about_call = (FollowUp.Reason.JOB_DEAD, FollowUp.Reason.LOST_CALL)
    return sum(follow_up.make_obsolete(why) for follow_up in rows.filter(reason__in=about_call))


def make_obsolete(request: BookingRequest, reasons: Iterable[FollowUp.Reason], why: Detail) -> int:
    """Settle the request's open follow-ups with these reasons: no person needs to work on them any more."""
    rows = FollowUp.objects.filter(booking_request=request, status=FollowUp.Status.OPEN, reason__in=[*reasons])
    return sum(follow_up.make_obsolete(why) for follow_up in rows)


def settle_not_cancelled(appointment: Appointment) -> int:
    """Settle the follow-up about a booking that could not be cancelled: it is cancelled now."""
    rows = FollowUp.objects.filter(appointment=appointment, status=FollowUp.Status.OPEN)
    told = rows.filter(reason=FollowUp.Reason.NOT_CANCELLED)
    return sum(follow_up.make_obsolete(Detail.CANCELLED_MEANWHILE) for follow_up in told)


def words(request: BookingRequest) -> str:
    """What the caller asked for, in the caller's words."""
    said = [request.service_words, request.date_words, request.time_words, request.staff_words, request.branch_words]
    if not request.asks_for_booking or request.unclear == Unclear.CONTRADICTION:
        said.append(request.notes)
    return ", ".join(part for part in said if part)
