"""Hands requests to a person: those that cannot be booked, and those whose job is dead."""

from django.db import transaction

from appointments import follow_ups
from appointments.booking.rules import Problem
from appointments.changes import freeing
from appointments.models import Appointment, Detail, FollowUp, Offer
from calls.models import BookingRequest, Call


def hand_over(
    request: BookingRequest, problem: Problem, appointment: Appointment | None = None, offers: tuple = ()
) -> bool:
    """Give a request to a person and release its reservation; False if it was booked or settled meanwhile.

    A freed time that is gone again asks for no person: whoever accepted it is told, and waits as before.
    """
    with transaction.atomic():
        if appointment is not None and not appointment.give_up(problem.detail, problem.facts):
            return False
        freeing.follow(request)
        if problem.reason == FollowUp.Reason.SLOT_GONE and _end_offer(request):
            return request.close(BookingRequest.Status.DROPPED)
        if not request.close(BookingRequest.Status.FOLLOW_UP):
            return False
        follow_ups.open_for(
            request,
            problem.reason,
            problem.detail,
            problem.facts,
            appointment=appointment or problem.about,
            alternatives=offers,
            # A caller who calls twice about one appointment may have changed their mind.
            topic=f"{problem.reason}:{request.pk}" if problem.about else "",
        )
        follow_ups.make_obsolete(request, follow_ups.INTERIM, Detail.SETTLED_OTHERWISE)
        request.settle_call(Call.Outcome.FOLLOW_UP)
    return True


def hand_over_dead(request: BookingRequest, detail: Detail) -> None:
    """Tell a person; the request stays open, so that a retry of the dead job still books it."""
    with transaction.atomic():
        appointment = Appointment.objects.filter(booking_request=request).first()
        follow_ups.open_for(request, FollowUp.Reason.JOB_DEAD, detail, appointment=appointment)
        request.settle_call(Call.Outcome.FOLLOW_UP)


def _end_offer(request: BookingRequest) -> bool:
    """Note that the time of an accepted offer was taken; False if the request accepts none."""
    offer = Offer.objects.filter(booking_request=request).first()
    return offer is not None and offer.end(Offer.State.GONE)
