"""What may be booked without a person, decided from our own rows before Cal.com is asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appointments.models import FollowUp
from calls.german.moment import Reason as Unclear
from calls.models import BookingRequest

# A request that asks for no appointment at all.
CALLBACK = "callback"
FARTHEST = timedelta(days=366)

# Why the words of a caller are work for a person → the follow-up's reason; all the others are "unclear".
REASONS: dict[str, FollowUp.Reason] = {
    Unclear.NO_DATE: FollowUp.Reason.INCOMPLETE,
    Unclear.NO_TIME: FollowUp.Reason.INCOMPLETE,
    Unclear.PAST_DATE: FollowUp.Reason.TOO_SOON,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a machine must not book: the reason of the follow-up, and a sentence for the person who takes over."""

    reason: FollowUp.Reason
    detail: str


def problem_with(request: BookingRequest, now: datetime) -> Problem | None:
    """What keeps this request from being booked at `now`, or None. The wish is never changed to fit."""
    return _problem_with_words(request) or _problem_with_service(request) or _problem_with_time(request, now)


def _problem_with_words(request: BookingRequest) -> Problem | None:
    unclear = request.unclear
    if unclear == CALLBACK:
        return Problem(FollowUp.Reason.CALLBACK, "The caller wants to be called back.")
    if "staff" in unclear:
        return Problem(FollowUp.Reason.UNKNOWN_STAFF, "No single member of staff was named.")
    if "service" in unclear:
        return Problem(FollowUp.Reason.UNKNOWN_SERVICE, "No single service was named.")
    if unclear:
        return Problem(REASONS.get(unclear, FollowUp.Reason.UNCLEAR), f"Not one clear time: {unclear}.")
    if request.starts_at is None:
        return Problem(FollowUp.Reason.INCOMPLETE, "No date and time.")
    return None


def _problem_with_service(request: BookingRequest) -> Problem | None:
    service = request.service
    if service is None or not service.is_active or service.company_id != request.company_id:
        return Problem(FollowUp.Reason.UNKNOWN_SERVICE, "No service that this company offers.")
    if service.calcom_event_type_id is None:
        return Problem(FollowUp.Reason.UNKNOWN_SERVICE, f"{service.name} has no event type at Cal.com.")
    return None


def _problem_with_time(request: BookingRequest, now: datetime) -> Problem | None:
    assert request.starts_at is not None and request.service is not None
    notice = timedelta(minutes=request.service.minimum_notice_minutes)
    if request.starts_at <= now:
        return Problem(FollowUp.Reason.TOO_SOON, "The time is over.")
    if request.starts_at - now < notice:
        return Problem(FollowUp.Reason.TOO_SOON, "Less than the service's minimum notice is left.")
    if request.starts_at - now > FARTHEST:
        return Problem(FollowUp.Reason.UNCLEAR, "More than twelve months ahead.")
    return None
