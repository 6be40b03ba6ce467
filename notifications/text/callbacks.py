"""What a caller is told whom a person will call back."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from appointments.models import Appointment, Detail, FollowUp
from calls.models.company import Language
from notifications.text import dates
from notifications.text.wording import Callbacks

Reason = FollowUp.Reason
# What a customer wants whose answer by SMS does not say which appointment, or when.
SAID_BY_SMS: Final[dict[str, FollowUp.Reason]] = {
    Detail.WANTS_TO_CANCEL: Reason.WANTS_CANCEL,
    Detail.WANTS_TO_MOVE: Reason.WANTS_MOVE,
}


def sentences(follow_up: FollowUp, words: Callbacks, language: Language, zone: ZoneInfo) -> tuple[str, str]:
    """What is not done, with the time that it is about, if there is one, and without."""
    standing = _own_time(follow_up)
    wished = follow_up.booking_request.starts_at if follow_up.booking_request is not None else None
    reason = SAID_BY_SMS.get(follow_up.detail, Reason(follow_up.reason))
    if follow_up.appointment is not None and follow_up.appointment.status == Appointment.Status.CANCELLED:
        # Nothing is left to be moved: there is only a wish.
        reason = Reason.REFUSED if reason in (Reason.WANTS_MOVE, Reason.WANTS_CANCEL) else reason
    with_time, plain, when = {
        Reason.SLOT_GONE: (words.taken, words.taken_plain, wished),
        Reason.WANTS_MOVE: (words.not_moved, words.not_moved_plain, standing),
        Reason.WANTS_CANCEL: (words.not_cancelled, words.not_cancelled_plain, standing),
        Reason.CALLBACK: (words.wished, words.wished, None),
    }.get(reason, (words.not_booked, words.not_booked, None))
    return _filled(with_time, plain, when, language, zone), plain


def _own_time(follow_up: FollowUp) -> datetime | None:
    """The time of the appointment if it certainly is the caller's own: others must not hear of it."""
    appointment = follow_up.appointment
    if appointment is None or appointment.customer_id is None or appointment.customer_id != follow_up.customer_id:
        return None
    return appointment.starts_at


def _filled(with_time: str, plain: str, when: datetime | None, language: Language, zone: ZoneInfo) -> str:
    if when is None:
        return plain
    return with_time.format(when=dates.short_moment(when.astimezone(zone), language))
