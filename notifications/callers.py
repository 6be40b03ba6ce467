"""Tells callers that a person will call them back: why, and by when."""

from typing import Final

from django.utils import timezone

from appointments.models import Appointment, Detail, FollowUp
from calls.models import BookingRequest
from notifications import recipients, sending
from notifications.models import Notification

Reason = FollowUp.Reason

# What a caller waits for. The other reasons are about what staff see and the caller does not.
AWAITED: Final = frozenset(
    {
        *(Reason.SLOT_GONE, Reason.UNCLEAR, Reason.INCOMPLETE, Reason.TOO_SOON, Reason.REFUSED, Reason.NOT_BOOKABLE),
        *(Reason.UNKNOWN_SERVICE, Reason.UNKNOWN_BRANCH, Reason.UNKNOWN_STAFF, Reason.CONTRADICTION),
        *(Reason.CALLBACK, Reason.WANTS_MOVE, Reason.WANTS_CANCEL, Reason.JOB_DEAD),
    }
)
# It is still being tried: the caller hears of the result.
TRIED: Final = frozenset({Detail.CHANGE_WAITS.value, Detail.CHANGE_FAILED.value})


def tell(follow_up: FollowUp, appointment: Appointment | None = None) -> list[Notification]:
    """Tell the caller by SMS if they agreed to SMS; else nothing is written.

    It is about the wish to change this `appointment`, else about the follow-up's request: of that a caller hears once,
    and not if they were told on the phone or have their appointment all the same.
    """
    about = appointment or follow_up.booking_request
    if about is None or not follow_up.company.sms_enabled or not _is_awaited(follow_up):
        return []
    if isinstance(about, BookingRequest) and not _is_unheard(about):
        return []
    customer = recipients.customer_of(about)
    number = recipients.number_for(about)
    if recipients.sms_objection(customer, number, about) is not None:
        return []
    draft = Notification(
        company=follow_up.company,
        follow_up=follow_up,
        call_id=follow_up.call_id,
        customer=customer,
        kind=Notification.Kind.CALLBACK,
        channel=Notification.Channel.SMS,
        recipient=number,
        language=(customer or follow_up.company).language,
    )
    return sending.write([draft])


def _is_awaited(follow_up: FollowUp) -> bool:
    is_ahead = follow_up.due_at > timezone.now()
    return is_ahead and follow_up.reason in AWAITED and follow_up.detail not in TRIED


def _is_unheard(request: BookingRequest) -> bool:
    """Whether the caller had no word on the request yet."""
    told = Notification.objects.filter(kind=Notification.Kind.CALLBACK, follow_up__booking_request=request)
    is_booked = request.status == BookingRequest.Status.BOOKED
    return request.told_on_phone_at is None and not is_booked and not told.exists()
