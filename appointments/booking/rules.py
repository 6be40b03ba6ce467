"""What may be booked without a person, decided from our own rows before Cal.com is asked."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from appointments.booking import fields, upcoming
from appointments.changes.limits import FARTHEST
from appointments.models import Appointment, Detail, FollowUp
from askpro.language.sentences import Facts
from calls.models import About, BookingRequest, Service, Unclear
from calls.models.offer import Obstacle

# What is unclear in a caller's words → the follow-up's reason; all that is not listed is "unclear".
REASONS: Final[dict[Unclear, FollowUp.Reason]] = {
    Unclear.NO_DATE: FollowUp.Reason.INCOMPLETE,
    Unclear.NO_TIME: FollowUp.Reason.INCOMPLETE,
    Unclear.PAST_DATE: FollowUp.Reason.TOO_SOON,
    Unclear.UNKNOWN_SERVICE: FollowUp.Reason.UNKNOWN_SERVICE,
    Unclear.AMBIGUOUS_SERVICE: FollowUp.Reason.UNKNOWN_SERVICE,
    Unclear.NO_BRANCH: FollowUp.Reason.UNKNOWN_BRANCH,
    Unclear.UNKNOWN_BRANCH: FollowUp.Reason.UNKNOWN_BRANCH,
    Unclear.AMBIGUOUS_BRANCH: FollowUp.Reason.UNKNOWN_BRANCH,
    Unclear.UNKNOWN_STAFF: FollowUp.Reason.UNKNOWN_STAFF,
    Unclear.AMBIGUOUS_STAFF: FollowUp.Reason.UNKNOWN_STAFF,
    Unclear.CALLBACK: FollowUp.Reason.CALLBACK,
    Unclear.MOVE: FollowUp.Reason.WANTS_MOVE,
    Unclear.CANCEL: FollowUp.Reason.WANTS_CANCEL,
    Unclear.MIXED: FollowUp.Reason.CONTRADICTION,
    Unclear.CONTRADICTION: FollowUp.Reason.CONTRADICTION,
    Unclear.PERHAPS_BOOKED: FollowUp.Reason.PERHAPS_BOOKED,
    Unclear.TRANSFERRED: FollowUp.Reason.PERHAPS_BOOKED,
}

HINDRANCES: Final[dict[Obstacle, Detail]] = {
    Obstacle.SEATS: Detail.HAS_SEATS,
    Obstacle.RECURRENCE: Detail.IS_SERIES,
    Obstacle.PRICE: Detail.IS_PAID,
    Obstacle.FIELDS: Detail.UNMAPPED_FIELDS,
    Obstacle.TEMPLATE: Detail.IS_TEMPLATE,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a machine must not book: the reason of the follow-up, and what it says to the person who takes over."""

    reason: FollowUp.Reason
    detail: Detail | Unclear
    facts: Facts = field(default_factory=dict)
    about: Appointment | None = None


def problem_with(request: BookingRequest, now: datetime) -> Problem | None:
    """Why this request cannot be booked at `now`, or None. The wish is never changed to make it fit."""
    return _problem_with_words(request, now) or _problem_with_service(request) or _problem_with_time(request, now)


def _problem_with_words(request: BookingRequest, now: datetime) -> Problem | None:
    if request.unclear:
        unclear = Unclear.of(request.unclear)
        reason = REASONS.get(unclear, FollowUp.Reason.UNCLEAR)
        return _about_existing(request, reason, now) if unclear.about is About.EXISTING else Problem(reason, unclear)
    if request.starts_at is None:
        return Problem(FollowUp.Reason.INCOMPLETE, Detail.NOTHING_NAMED)
    return None


def _about_existing(request: BookingRequest, reason: FollowUp.Reason, now: datetime) -> Problem:
    """Name the appointment that is probably meant; if several may be, all of them."""
    found = upcoming.of_caller(request, now)
    meant = [one for one in found if one.starts_at == request.starts_at] or found
    if not meant:
        return Problem(reason, Detail.ABOUT_NONE)
    if len(meant) == 1:
        return Problem(reason, Detail.ABOUT, {"appointment": upcoming.named(meant[0])}, meant[0])
    named = "; ".join(upcoming.named(one) for one in meant)
    return Problem(reason, Detail.ABOUT_ONE_OF, {"appointments": named})


def _problem_with_service(request: BookingRequest) -> Problem | None:
    service = request.service
    if service is None or not service.is_active or service.company_id != request.company_id:
        return Problem(FollowUp.Reason.UNKNOWN_SERVICE, Detail.NO_SUCH_SERVICE)
    if service.calcom_event_type_id is None:
        return Problem(FollowUp.Reason.UNKNOWN_SERVICE, Detail.NO_EVENT_TYPE, {"service": service.name})
    if hindrances := service.hindrances:
        return _hindered(service, hindrances[0])
    if empty := fields.empty_fields(request):
        return Problem(FollowUp.Reason.INCOMPLETE, Detail.MORE_ASKED, {"fields": ", ".join(empty)})
    return None


def _hindered(service: Service, hindrance: Obstacle) -> Problem:
    facts: Facts = {"fields": ", ".join(service.unmapped_fields)} if hindrance == Obstacle.FIELDS else {}
    return Problem(FollowUp.Reason.NOT_BOOKABLE, HINDRANCES[hindrance], facts)


def _problem_with_time(request: BookingRequest, now: datetime) -> Problem | None:
    assert request.starts_at is not None and request.service is not None
    notice = timedelta(minutes=request.service.minimum_notice_minutes)
    if request.starts_at <= now:
        return Problem(FollowUp.Reason.TOO_SOON, Detail.TIME_OVER)
    if request.starts_at - now < notice:
        return Problem(FollowUp.Reason.TOO_SOON, Detail.SHORT_NOTICE)
    if request.starts_at - now > FARTHEST:
        return Problem(FollowUp.Reason.UNCLEAR, Detail.TOO_FAR_AHEAD)
    day = request.starts_at.astimezone(request.where.zone).date()
    if why := request.where.closed_on(day, day).get(day):
        return Problem(FollowUp.Reason.SLOT_GONE, Detail.CLOSED, {"why": why})
    return None
