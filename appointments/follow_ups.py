"""Opening and settling work for people, once per request and reason."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from appointments.models import Appointment, FollowUp
from calls.models import BookingRequest, Branch, Call
from calls.opening_hours import InvalidOpeningHours, OpeningHours
from notifications import outbox

# A caller who hung up with a promise is called back within two hours of opening time.
CALL_BACK_WITHIN = timedelta(hours=2)
SEARCH_DAYS = 14


def open_for(
    request: BookingRequest,
    reason: FollowUp.Reason,
    *,
    detail: str = "",
    appointment: Appointment | None = None,
    alternatives: Sequence[datetime] = (),
) -> FollowUp:
    """The open follow-up of this request and reason, opened now if there is none; staff hear of a new one."""
    branch = request.where
    values: dict[str, Any] = {
        "company": request.company,
        "branch": branch,
        "call": request.call,
        "customer": request.who,
        "appointment": appointment,
        "words": words(request),
        "detail": detail[:300],
        "alternatives": [slot.isoformat() for slot in alternatives],
        "due_at": due_at(branch, timezone.now()),
    }
    follow_up, opened = FollowUp.objects.get_or_create(
        booking_request=request, reason=reason, status=FollowUp.Status.OPEN, defaults=values
    )
    if opened:
        outbox.tell_staff(follow_up)
    return follow_up


def open_for_call(call: Call, reason: FollowUp.Reason, detail: str) -> FollowUp:
    """A new follow-up of a call of which nothing else is known; staff hear of it."""
    follow_up = FollowUp.objects.create(
        company=call.company,
        branch=call.branch,
        call=call,
        customer=call.customer,
        reason=reason,
        detail=detail[:300],
        due_at=due_at(call.branch, timezone.now()),
    )
    outbox.tell_staff(follow_up)
    return follow_up


def make_call_obsolete(call: Call, note: str) -> int:
    """Settle what `open_for_call` had opened."""
    rows = FollowUp.objects.filter(call=call, booking_request=None, status=FollowUp.Status.OPEN)
    return sum(follow_up.make_obsolete(note) for follow_up in rows.filter(reason=FollowUp.Reason.JOB_DEAD))


def make_obsolete(request: BookingRequest, reasons: Iterable[FollowUp.Reason], note: str) -> int:
    """Settle the request's open follow-ups of these reasons: nobody has to work on them any more."""
    rows = FollowUp.objects.filter(booking_request=request, status=FollowUp.Status.OPEN, reason__in=[*reasons])
    return sum(follow_up.make_obsolete(note) for follow_up in rows)


def words(request: BookingRequest) -> str:
    """What the caller asked for, in the caller's words."""
    said = (request.service_words, request.date_words, request.time_words, request.staff_words)
    return ", ".join(part for part in said if part)


def due_at(branch: Branch, now: datetime) -> datetime:
    """Two hours from now, or when the branch opens next after that; unknown hours do not move it."""
    due = now + CALL_BACK_WITHIN
    try:
        hours = OpeningHours.from_json(branch.opening_hours)
    except InvalidOpeningHours:
        return due
    local = due.astimezone(branch.zone)
    if hours.is_open(local):
        return due
    openings = (
        datetime.combine(local.date() + timedelta(days=days), datetime.min.time(), branch.zone)
        + timedelta(minutes=span.opens)
        for days in range(SEARCH_DAYS)
        for span in hours.days[(local.date() + timedelta(days=days)).weekday()]
    )
    return next((opening for opening in openings if opening > local), due).astimezone(now.tzinfo)
