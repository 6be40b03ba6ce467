"""Our unwanted bookings at Cal.com: a second one for one wish, one at another time, one that a person took over.

The transaction that finds one notes it, and a separate job checks and cancels it. A person is told of one that is not
cancelled within PATIENCE; once it is cancelled, that follow-up is settled.
"""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from appointments import follow_ups
from appointments.calcom import client as calcom
from appointments.calcom.booking import Booking
from appointments.calcom.errors import BookingRefused, NotFound
from appointments.changes.mirror import mirror
from appointments.models import Appointment, CalcomUid, Detail, FollowUp
from askpro.by_name import job
from askpro.one_by_one import gravest, one_by_one
from askpro.queues.errors import Gone, Rejected, Release
from askpro.queues.units import S
from calls.models import BookingRequest

PATIENCE: Final = timedelta(seconds=60)
# The longest time, as far as is known, after which Cal.com still carried out a request whose answer was lost.
LOOK_FOR: Final = timedelta(minutes=11)
LOOK_EVERY: Final = 60.0


def look_out(appointment: Appointment) -> None:
    """Send the job that later looks for a second booking, since Cal.com was asked again for the same one."""
    arguments = {"appointment_id": appointment.pk, "company_id": appointment.company_id}
    job("look_for_second_booking").send_with_options(kwargs=arguments, delay=int(LOOK_EVERY * S))


def cancel(appointment_id: int) -> None:
    """Cancel the appointment's surplus bookings at Cal.com. One that fails stops no other; its error is raised last."""
    appointment = _appointment(appointment_id)
    client = calcom.for_company(appointment.company)
    failures = one_by_one(waiting(appointment), lambda row: _cancel(client, appointment, row))
    if any(isinstance(error, BookingRefused | Rejected) for _, error in failures):
        tell(appointment)
    if failures:
        raise gravest(error for _, error in failures)
    follow_ups.settle_not_cancelled(appointment)


def look(appointment_id: int) -> None:
    """Look for a second booking while an earlier request for the first may still be carried out. Raises `Release`."""
    appointment = _appointment(appointment_id)
    client = calcom.for_company(appointment.company)
    for booking in client.find_bookings_by_key(*appointment.look_up):
        with transaction.atomic():
            mirror(booking, booking.updated_at or timezone.now())
    if appointment.asked_at is not None and timezone.now() - appointment.asked_at < LOOK_FOR:
        raise Release(LOOK_EVERY, "an earlier request may still be carried out at Cal.com")


def waiting(appointment: Appointment | None = None) -> QuerySet[CalcomUid]:
    """Surplus bookings that are not cancelled yet, of all appointments or of one."""
    rows = CalcomUid.objects.filter(surplus_since__isnull=False, ended_at=None, appointment__isnull=False)
    return rows if appointment is None else rows.filter(appointment=appointment)


def tell(appointment: Appointment) -> None:
    """Tell a person that a surplus booking still exists, unless one has dealt with it already."""
    request: BookingRequest | None = appointment.booking_request
    reason = FollowUp.Reason.NOT_CANCELLED
    since = waiting(appointment).aggregate(newest=Max("surplus_since"))["newest"]
    done = FollowUp.objects.filter(appointment=appointment, reason=reason, status=FollowUp.Status.DONE)
    if request is not None and since is not None and not done.filter(created_at__gte=since).exists():
        follow_ups.open_for(request, reason, Detail.STILL_BOOKED, appointment=appointment)


def _appointment(appointment_id: int) -> Appointment:
    rows = Appointment.objects.select_related("company", "service", "booking_request")
    appointment = rows.filter(pk=appointment_id).first()
    if appointment is None:
        raise Gone(f"There is no appointment {appointment_id}.")
    return appointment


def _cancel(client: calcom.Calcom, appointment: Appointment, row: CalcomUid) -> None:
    """Cancel a booking, but check it first: it may be over, or the first one may have been moved to it unnoticed."""
    language = appointment.company.language
    booking = _found(client, appointment, row.uid)
    if booking is None:
        row.end(timezone.now(), Detail.NOT_THERE.tell(language=language))
    elif booking.ended or booking.rescheduled_from:
        with transaction.atomic():
            mirror(booking, booking.updated_at or timezone.now())
    elif booking.key == appointment.booking_key:
        why = Detail.SURPLUS.tell(language=language)
        client.cancel(row.uid, why)
        row.end(timezone.now(), why)
    else:
        # This booking is not ours, so it stays untouched, whatever made us believe that it was.
        row.keep()


def _found(client: calcom.Calcom, appointment: Appointment, uid: str) -> Booking | None:
    """The booking, by its uid or by its key; None when Cal.com has neither."""
    try:
        return client.get_booking(uid)
    except NotFound:
        found = client.find_bookings_by_key(*appointment.look_up)
        return next((booking for booking in found if booking.uid == uid), None)
