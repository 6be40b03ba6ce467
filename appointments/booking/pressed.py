"""Books a free time for a follow-up, or moves its appointment there, as soon as a member of staff presses it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from appointments.availability import free_times
from appointments.availability.choices import Wanted, another_time
from appointments.booking import live
from appointments.changes.request import Origin, move
from appointments.models import Change, FollowUp, Offer
from askpro.queues.errors import JobError
from calls.models import BookingRequest, Service

State = Change.State

# Seconds that a page of the console waits for Cal.com: for a booking, and for whether a time is free.
PATIENCE: Final = 6.0
LOOK_PATIENCE: Final = 3.0
A_MOMENT: Final = timedelta(seconds=1)


class Effect(StrEnum):
    """What became of it so far."""

    BOOKED = "booked"
    MOVED = "moved"
    REQUESTED = "requested"  # the host has to say yes
    PENDING = "pending"  # a job goes on
    NOT_DONE = "not_done"  # the follow-up says why, and which times are free now
    BUSY = "busy"  # another of its times is still being booked
    NOT_OFFERED = "not_offered"  # it is not free, or the follow-up is settled


EFFECTS: Final = {
    live.Result.BOOKED: Effect.BOOKED,
    live.Result.REQUESTED: Effect.REQUESTED,
    live.Result.PENDING: Effect.PENDING,
}
UNDER_WAY: Final = (BookingRequest.Status.OPEN, BookingRequest.Status.BOOKED)
MOVES: Final = {
    State.DONE: Effect.MOVED,
    State.REQUESTED: Effect.REQUESTED,
    State.WAITING: Effect.PENDING,
}


@dataclass(frozen=True, slots=True)
class Pressed:
    """`why`: why it is not done, in the language of whoever pressed."""

    effect: Effect
    why: str = ""
    times: list[datetime] = field(default_factory=list)


def offered(follow_up: FollowUp, now: datetime) -> list[datetime]:
    """The free times that can be pressed: those ahead, if it is known what would be booked or moved."""
    if follow_up.status != FollowUp.Status.OPEN or not (moves(follow_up) or _service_of(follow_up)):
        return []
    return [time for time in times_of(follow_up) if time > now]


def times_of(follow_up: FollowUp) -> list[datetime]:
    return [datetime.fromisoformat(str(time)) for time in follow_up.alternatives]


def moves(follow_up: FollowUp) -> bool:
    """Whether an appointment is moved to the time that is pressed; else one is booked."""
    return follow_up.reason == FollowUp.Reason.WANTS_MOVE and follow_up.appointment is not None


def wanted(follow_up: FollowUp) -> Wanted | None:
    """What its caller wants a time for; None if it is settled, or that is not known."""
    if follow_up.status != FollowUp.Status.OPEN:
        return None
    if follow_up.appointment is not None and moves(follow_up):
        return another_time(follow_up.appointment) if follow_up.appointment.service is not None else None
    request, service = follow_up.booking_request, _service_of(follow_up)
    if request is None or service is None:
        return None
    return Wanted(service, request.staff, request.where, request.where.zone)


def press(follow_up: FollowUp, time: datetime, user: Any, language: str, patience: float = PATIENCE) -> Pressed:
    """Book this time for the caller, or move the appointment to it: through the functions that everybody uses.

    The same time pressed again is the same booking. Until one is known to have failed, no other is begun. `language` is
    the user's.
    """
    follow_up.refresh_from_db()
    if time not in offered(follow_up, timezone.now()) and not _is_free(follow_up, time):
        return _again(follow_up, time)
    if moves(follow_up):
        return _move(follow_up, time, user, language, patience)
    request = _request_for(follow_up, time, user)
    if request is None:
        return Pressed(Effect.BUSY)
    return _told(follow_up, EFFECTS.get(live.book_for_staff(request, patience), Effect.NOT_DONE), language)


def _is_free(follow_up: FollowUp, time: datetime) -> bool:
    """Whether it can begin at this time for what its caller wants, as was heard when the free times were shown."""
    asked = wanted(follow_up)
    if asked is None or time == asked.unlike:
        return False
    try:
        return time in free_times(
            asked.service, time, time + A_MOMENT, asked.staff, patience=LOOK_PATIENCE, branch=asked.branch
        )
    except JobError:
        return False


def _again(follow_up: FollowUp, time: datetime) -> Pressed:
    """It was pressed twice, and the first was carried out; or the page was old."""
    booking, appointment = follow_up.booking, follow_up.appointment
    if follow_up.outcome != FollowUp.Outcome.BOOKED:
        return Pressed(Effect.NOT_OFFERED)
    if booking is not None and booking.starts_at == time:
        return Pressed(Effect.BOOKED)
    is_moved = booking is None and appointment is not None and appointment.starts_at == time
    return Pressed(Effect.MOVED if is_moved else Effect.NOT_OFFERED)


def _move(follow_up: FollowUp, time: datetime, user: Any, language: str, patience: float) -> Pressed:
    assert follow_up.appointment is not None
    change = move(follow_up.appointment, time, Origin(Change.Channel.CONSOLE, user=user), patience=patience)
    told = _told(follow_up, MOVES.get(State(change.state), Effect.NOT_DONE), language)
    if told.effect != Effect.NOT_DONE:
        return told
    return Pressed(told.effect, change.told(language), told.times)


def _told(follow_up: FollowUp, effect: Effect, language: str) -> Pressed:
    follow_up.refresh_from_db()
    if effect != Effect.NOT_DONE:
        return Pressed(effect)
    return Pressed(effect, follow_up.told(language), offered(follow_up, timezone.now()))


def _service_of(follow_up: FollowUp) -> Service | None:
    request = follow_up.booking_request
    return request.service if request is not None and request.asks_for_booking else None


def _request_for(follow_up: FollowUp, time: datetime, user: Any) -> BookingRequest | None:
    """The request for this time: the known one, or a new one; None while one for another time is under way."""
    with transaction.atomic():
        rows = FollowUp.objects.select_for_update(of=("self",)).select_related("booking_request", "booking")
        held = rows.get(pk=follow_up.pk)
        known = held.booking
        if held.status != FollowUp.Status.OPEN or (known is not None and known.status in UNDER_WAY):
            return known if known is not None and known.starts_at == time else None
        if held.offers.filter(state=Offer.State.ACCEPTED).exists():
            return None
        wish = held.booking_request
        assert wish is not None  # by `offered`
        request = BookingRequest.objects.create(**_values(wish, time, user))
        held.book_by(request)
        return request


def _values(wish: BookingRequest, time: datetime, user: Any) -> dict[str, Any]:
    """The wish as it was, at another time. A yes to messages was about the same appointment."""
    said = ("company", "service", "staff", "name", "contact_phone", "email", "notes", "sms_consent", "service_words")
    return {
        **{name: getattr(wish, name) for name in said},
        "branch": wish.where,
        "customer": wish.who,
        "starts_at": time,
        "booked_by": user,
    }
