"""A caller's wish to cancel or move an appointment, read after the call: done if it is clear, else left to a person."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from appointments import follow_ups
from appointments.booking.handover import hand_over
from appointments.booking.rules import REASONS, Problem
from appointments.changes import whose
from appointments.changes.request import Origin, cancel, move
from appointments.models import Appointment, Change, Detail
from calls.german.moment import Moment, Reason
from calls.german.opening_hours import InvalidOpeningHours, OpeningHours
from calls.german.time import parse_wish
from calls.models import BookingRequest, Call, Unclear
from calls.phone import normalise

Kind, State = Change.Kind, Change.State
KINDS: Final = {Unclear.CANCEL.value: Kind.CANCEL, Unclear.MOVE.value: Kind.MOVE}
# A day was said, alone or with a part of it.
NO_CLOCK: Final = (Reason.NO_TIME, Reason.WINDOW_ONLY)


def settle(request: BookingRequest) -> bool:
    """Have the one appointment that is meant cancelled or moved; False if it is not clear which, or to when.

    Exactly one of the caller's own appointments has to fit what was said, and a move needs a day and a time that were
    said as the new ones. What a function did during the call is only completed.
    """
    call, kind = request.call, KINDS.get(request.unclear)
    if call is None or kind is None or not request.company.books_appointments:
        return False
    if _was_done(call, kind):
        _close(request)
        return True
    appointment = _the_one(request, call, kind)
    if appointment is None:
        return False
    with transaction.atomic():
        change = _change(request, appointment, kind)
        if change.state == State.REFUSED:
            reason, why = REASONS[Unclear.of(request.unclear)], Detail(change.detail)
            hand_over(request, Problem(reason, why, change.detail_facts, about=appointment))
        else:
            _close(request)
    return True


def _was_done(call: Call, kind: Change.Kind) -> bool:
    """Whether the agent's functions did it, or are about to."""
    done = call.changes.filter(channel=Change.Channel.PHONE, kind=kind)
    return done.exclude(state__in=(State.REFUSED, State.REPLACED)).exists()


def _close(request: BookingRequest) -> None:
    """The change has a job and a follow-up of its own: whoever was told that this request waits is asked no more."""
    with transaction.atomic():
        request.close(BookingRequest.Status.CHANGED)
        follow_ups.make_obsolete(request, follow_ups.INTERIM, Detail.SETTLED_OTHERWISE)
        request.settle_call(Call.Outcome.CHANGED)


def _change(request: BookingRequest, appointment: Appointment, kind: Change.Kind) -> Change:
    by = Origin(Change.Channel.CALL, call=request.call)
    if kind == Kind.CANCEL:
        return cancel(appointment, by)
    assert request.starts_at is not None  # by `_the_one`
    return move(appointment, request.starts_at, by)


def _the_one(request: BookingRequest, call: Call, kind: Change.Kind) -> Appointment | None:
    """The one appointment that is meant, if it is clear; with several wishes in a call it never is."""
    if kind == Kind.MOVE and not (request.starts_at and request.says_new_time):
        return None
    if call.booking_requests.count() != 1:
        return None
    theirs = call.to_number if call.direction == "outbound" else call.from_number
    own = whose.upcoming(request.company, normalise(theirs, request.where.home), timezone.now())
    booked = [appointment for appointment in own if appointment.calcom_uid is not None]
    fitting = [appointment for appointment in booked if _fits(request, call, appointment, kind)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(request: BookingRequest, call: Call, appointment: Appointment, kind: Change.Kind) -> bool:
    """Whether nothing that was said speaks against this appointment."""
    named = (
        (request.service_words, request.service_id, appointment.service_id),
        (request.staff_words, request.staff_id, appointment.staff_id),
        (request.branch_words, request.where.pk, appointment.branch_id),
    )
    if any(words and (meant is None or meant != actual) for words, meant, actual in named):
        return False
    return kind == Kind.MOVE or _is_then(request, call, appointment.starts_at)


def _is_then(request: BookingRequest, call: Call, starts_at: datetime) -> bool:
    """Whether the day and time said, if any, are those of the appointment."""
    if not (request.date_words or request.time_words):
        return True
    branch = request.where
    try:
        hours = OpeningHours.from_json(branch.opening_hours)
    except InvalidOpeningHours:
        hours = OpeningHours()
    words = (request.date_words, request.time_words)
    said = parse_wish(*words, said_at=call.said_at, zone=branch.zone, opening_hours=hours)
    if isinstance(said, Moment):
        return said.starts_at == starts_at
    local = starts_at.astimezone(branch.zone)
    in_window = said.window is None or said.window[0] <= local.time() < said.window[1]
    return said.reason in NO_CLOCK and said.day == local.date() and in_window
