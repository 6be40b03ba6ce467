"""What a change of an appointment means for its request, for staff and for the customer."""

from django.db.models import Q

from appointments import follow_ups
from appointments.models import Appointment, Detail, FollowUp
from calls.models import BookingRequest, Call
from notifications import outbox

# What a booking at Cal.com settles; a person keeps the others, such as a wish for a colleague not met.
SETTLED = (
    FollowUp.Reason.PROVIDER_DOWN,
    FollowUp.Reason.JOB_DEAD,
    FollowUp.Reason.SLOT_GONE,
    FollowUp.Reason.REFUSED,
    FollowUp.Reason.TOO_SOON,
)


def settle_request(appointment: Appointment, revived: bool) -> None:
    request = appointment.booking_request
    if request is None:
        return
    open_or_given_up = Q(status=BookingRequest.Status.OPEN) | Q(status=BookingRequest.Status.FOLLOW_UP)
    BookingRequest.objects.filter(open_or_given_up, pk=request.pk).update(status=BookingRequest.Status.BOOKED)
    settled = follow_ups.make_obsolete(request, SETTLED, Detail.BOOKED_MEANWHILE)
    if appointment.call is not None:
        appointment.call.settle_outcome(Call.Outcome.BOOKED)
    if revived and not settled:
        follow_ups.open_for(request, FollowUp.Reason.MISMATCH, Detail.BOOKED_AFTER_ALL, appointment=appointment)
    if request.staff_id and appointment.staff_id != request.staff_id:
        follow_ups.open_for(request, FollowUp.Reason.UNKNOWN_STAFF, Detail.OTHER_PERSON, appointment=appointment)


def hand_over(appointment: Appointment) -> None:
    """The host said no, or somebody cancelled before the customer was told: a person calls back."""
    request = appointment.booking_request
    if request is None or not request.close(BookingRequest.Status.FOLLOW_UP):
        return
    follow_ups.open_for(request, FollowUp.Reason.REFUSED, Detail.REJECTED, appointment=appointment)
    if appointment.call is not None:
        appointment.call.settle_outcome(Call.Outcome.FOLLOW_UP)


def tell(appointment: Appointment, kind: str) -> None:
    # Who booked at Cal.com has its own mails; who booked by phone may have given no address at all.
    if appointment.source != Appointment.Source.CALCOM:
        outbox.announce(appointment, kind)


def ask_for_other_time(appointment: Appointment) -> None:
    """Cal.com mails the attendee a link; who booked by phone has no mailbox there, so a person calls, once."""
    request, reason = appointment.booking_request, FollowUp.Reason.OTHER_TIME
    if request and not FollowUp.objects.filter(booking_request=request, reason=reason).exists():
        follow_ups.open_for(request, reason, Detail.HOST_WANTS_OTHER_TIME, appointment=appointment)
