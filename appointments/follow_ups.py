"""Opens and settles work for people, once per wish and topic."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from appointments.models import Appointment, Change, Detail, FollowUp
from appointments.models.follow_up import CHANGE, STRENGTH
from askpro.language.sentences import Facts
from calls.models import BookingRequest, Call, Unclear
from calls.models.company import CALL_BACK_WITHIN
from calls.text import fold
from notifications import callers, staff

# The job still tries, or has given up: settled as soon as the wish is booked or handed to a person.
INTERIM: Final = (FollowUp.Reason.PROVIDER_DOWN, FollowUp.Reason.JOB_DEAD)
# While this is what it says, a job goes on trying.
TRIED: Final = frozenset({Detail.TAKES_LONG, Detail.NO_ANSWER})
# What else was booked since may be what was wished for. Who asked for a call back still wants one.
MET_BY_OTHERS: Final = (
    FollowUp.Reason.SLOT_GONE,
    FollowUp.Reason.UNCLEAR,
    FollowUp.Reason.INCOMPLETE,
    FollowUp.Reason.TOO_SOON,
    FollowUp.Reason.REFUSED,
)
CHANGE_REASONS: Final = {
    Change.Kind.CANCEL: FollowUp.Reason.WANTS_CANCEL,
    Change.Kind.MOVE: FollowUp.Reason.WANTS_MOVE,
    Change.Kind.CONFIRM: FollowUp.Reason.NO_ANSWER,
    Change.Kind.DECLINE: FollowUp.Reason.NO_ANSWER,
    Change.Kind.NO_SHOW: FollowUp.Reason.NOT_NOTED,
    Change.Kind.CAME: FollowUp.Reason.NOT_NOTED,
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
        if (asked := _asked_from(held, reason)) is not None:
            _say_not_booked(asked, held, detail, facts, alternatives)
            return asked
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
            due_at=due_at if change.kind in Change.ATTENDANCE else min(due_at, appointment.starts_at),
        )
        if opened:
            staff.tell(follow_up)
        if opened and change.channel != Change.Channel.CONSOLE:
            callers.tell(follow_up, appointment)
        if change.call is not None and change.state == Change.State.REFUSED:
            change.call.settle_outcome(Call.Outcome.FOLLOW_UP)
    return follow_up


def renew_for_change(change: Change, detail: Detail) -> bool:
    """Say on the open follow-up from which staff wanted this change why it was refused, with the times free now.

    False if there is none.
    """
    rows = FollowUp.objects.filter(appointment=change.appointment, status=FollowUp.Status.OPEN)
    asked = rows.filter(reason=CHANGE_REASONS[Change.Kind(change.kind)]).order_by("pk").last()
    if asked is None or change.channel != Change.Channel.CONSOLE:
        return False
    return asked.renew(detail, {}, [datetime.fromisoformat(slot) for slot in change.alternatives])


def settle_change(appointment: Appointment, why: Detail) -> int:
    """Settle what a person was asked about a change of the appointment that waits: another answer comes instead."""
    rows = FollowUp.objects.filter(appointment=appointment, topic=CHANGE, status=FollowUp.Status.OPEN)
    return sum(follow_up.make_obsolete(why) for follow_up in rows)


def settle_changed(change: Change) -> int:
    """Settle the wishes that a change which was carried out fulfils, whoever carried it out.

    A cancellation at Cal.com fulfils no wish to move: the customer still needs another time.
    """
    fulfilled = {CHANGE_REASONS[Change.Kind(change.kind)]}
    if change.kind == Change.Kind.CANCEL and not change.is_from_calcom:
        fulfilled.add(FollowUp.Reason.WANTS_MOVE)
    rows = FollowUp.objects.filter(appointment=change.appointment, status=FollowUp.Status.OPEN, reason__in=fulfilled)
    return sum(_settle_by(change.user, follow_up, Detail.CHANGE_DONE) for follow_up in rows)


def settle_booked(request: BookingRequest) -> int:
    """Settle the follow-up from which staff had this request booked."""
    rows = FollowUp.objects.filter(booking=request, status=FollowUp.Status.OPEN)
    return sum(_settle_by(request.booked_by, follow_up, Detail.BOOKED_FROM_HERE) for follow_up in rows)


def settle_same_wish(appointment: Appointment) -> int:
    """Settle earlier wishes of the same customer, for the same person and service, that no machine could book.

    Whoever hears that a time is taken often calls again, or books at Cal.com.
    """
    if appointment.customer_id is None or appointment.service_id is None:
        return 0
    rows = FollowUp.objects.select_related("booking_request").filter(
        customer=appointment.customer_id,
        booking_request__service=appointment.service_id,
        reason__in=MET_BY_OTHERS,
        status=FollowUp.Status.OPEN,
    )
    others = rows.exclude(booking_request=appointment.booking_request_id).exclude(booking__status="open")
    same = [follow_up for follow_up in others if _is_same_person(follow_up, appointment)]
    return sum(follow_up.make_obsolete(Detail.BOOKED_MEANWHILE) for follow_up in same)


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


def _asked_from(request: BookingRequest, reason: FollowUp.Reason) -> FollowUp | None:
    """The open follow-up from which staff want this booked, if this is why it is not."""
    if request.call_id is not None or reason not in STRENGTH or reason == FollowUp.Reason.NO_ANSWER:
        return None
    return FollowUp.objects.filter(booking=request, status=FollowUp.Status.OPEN).first()


def _say_not_booked(
    asked: FollowUp,
    request: BookingRequest,
    detail: Detail | Unclear,
    facts: Facts | None,
    alternatives: Sequence[datetime],
) -> None:
    """Say it there, instead of asking a second person. A job that gave up leaves nothing to wait for."""
    is_tried = detail in TRIED
    known = [datetime.fromisoformat(slot) for slot in asked.alternatives]
    asked.renew(detail, facts, alternatives or [slot for slot in known if is_tried or slot != request.starts_at])
    if not is_tried:
        request.close(BookingRequest.Status.FOLLOW_UP)


def _settle_by(user: Any, follow_up: FollowUp, why: Detail) -> bool:
    """Settle it for the member of staff who had it done, else for nobody."""
    return follow_up.succeed(user, why) if user is not None else follow_up.make_obsolete(why)


def _is_same_person(follow_up: FollowUp, appointment: Appointment) -> bool:
    request = follow_up.booking_request
    name = request.name if request is not None else ""
    return not name or not appointment.attendee_name or fold(name) == fold(appointment.attendee_name)
