"""What a change of an appointment means for its request, for staff and for the customer."""

from typing import Final

from django.db.models import Q

from appointments import follow_ups
from appointments.changes import contact, freeing
from appointments.models import Appointment, Detail, FollowUp
from appointments.models.follow_up import WISH
from calls.models import BookingRequest, Call
from notifications import outbox

# Follow-ups that a booking at Cal.com settles; the others, such as an unmet wish for a colleague, stay open.
SETTLED: Final = (
    *(reason for reason in FollowUp.Reason if reason.topic == WISH),
    *(FollowUp.Reason.UNKNOWN_BRANCH, FollowUp.Reason.OTHER_TIME),
)


def settle_request(appointment: Appointment, revived: bool) -> None:
    follow_ups.settle_same_wish(appointment)
    contact.learn(appointment)
    request = appointment.booking_request
    if request is None:
        return
    open_or_given_up = Q(status=BookingRequest.Status.OPEN) | Q(status=BookingRequest.Status.FOLLOW_UP)
    BookingRequest.objects.filter(open_or_given_up, pk=request.pk).update(status=BookingRequest.Status.BOOKED)
    freeing.follow(request)
    settled = follow_ups.make_obsolete(request, SETTLED, Detail.BOOKED_MEANWHILE) + follow_ups.settle_booked(request)
    if appointment.call is not None:
        appointment.call.settle_outcome(Call.Outcome.BOOKED)
    if revived and not settled:
        follow_ups.open_for(request, FollowUp.Reason.MISMATCH, Detail.BOOKED_AFTER_ALL, appointment=appointment)
    _compare_with_wish(appointment, request)


def note_host(appointment: Appointment, *, is_moved: bool) -> None:
    """Another person holds a confirmed appointment: tell the customer, and staff if the wish is not met.

    A message cannot name a host whom we do not know, so a person tells the customer.
    """
    request = appointment.booking_request
    if request is not None:
        _compare_with_wish(appointment, request)
    if appointment.staff is None:
        if request is not None:
            follow_ups.open_for(request, FollowUp.Reason.UNKNOWN_STAFF, Detail.UNKNOWN_HOST, appointment=appointment)
    elif not is_moved:
        tell(appointment, "staff_changed")


def settle_waiting(appointment: Appointment) -> None:
    """The host has answered: settle the follow-up to ask the host."""
    if request := appointment.booking_request:
        follow_ups.make_obsolete(request, [FollowUp.Reason.NO_ANSWER], Detail.CANCELLED_MEANWHILE)


def close_request(appointment: Appointment) -> None:
    """The customer no longer wants it, so nothing is left to book, and nobody has to look after that."""
    if request := appointment.booking_request:
        request.close(BookingRequest.Status.DROPPED)
        follow_ups.make_obsolete(request, follow_ups.INTERIM, Detail.CANCELLED_AS_WISHED)


def call_back(appointment: Appointment, *, waited: bool) -> None:
    """The host said no, or the booking was cancelled before the customer was told: a person calls back.

    A person who already has the request knows it, unless the host's answer was still waited for.
    """
    request = appointment.booking_request
    if appointment.erased_at is not None:
        return
    if request is None or not (request.close(BookingRequest.Status.FOLLOW_UP) or waited):
        return
    follow_ups.open_for(request, FollowUp.Reason.REFUSED, Detail.REJECTED, appointment=appointment)
    if appointment.call is not None:
        appointment.call.settle_outcome(Call.Outcome.FOLLOW_UP)


def tell(appointment: Appointment, kind: str) -> None:
    # Cal.com mails those who booked there; those who booked by phone may have given no address. Of a person who was
    # erased nobody knows either.
    if appointment.source != Appointment.Source.CALCOM and appointment.erased_at is None:
        outbox.announce(appointment, kind)


def ask_for_other_time(appointment: Appointment) -> None:
    """Have a person call, once: Cal.com mails a link, but a customer who booked by phone may have no mailbox."""
    request, reason = appointment.booking_request, FollowUp.Reason.OTHER_TIME
    if request and not FollowUp.objects.filter(booking_request=request, reason=reason).exists():
        follow_ups.open_for(request, reason, Detail.HOST_WANTS_OTHER_TIME, appointment=appointment)


def _compare_with_wish(appointment: Appointment, request: BookingRequest) -> None:
    """Compare the host with the wish: a person is told of an unmet wish until it is met after all."""
    if request.staff_id is None:
        return
    if appointment.staff_id == request.staff_id:
        follow_ups.make_obsolete(request, [FollowUp.Reason.UNKNOWN_STAFF], Detail.WISH_MET)
    else:
        detail = Detail.OTHER_PERSON if appointment.staff_id else Detail.UNKNOWN_HOST
        follow_ups.open_for(request, FollowUp.Reason.UNKNOWN_STAFF, detail, appointment=appointment)
