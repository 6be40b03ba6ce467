"""Reserves a time here while Cal.com is asked for it, and releases reservations that were left behind."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from psycopg2.errors import ExclusionViolation

from appointments.calcom import client as calcom
from appointments.calcom.errors import SlotGone
from appointments.changes import people
from appointments.changes.mirror import note_surplus
from appointments.models import Appointment, CalcomUid, Detail, FollowUp, Offer
from askpro.queues.errors import Gone, Release
from calls.models import BookingRequest, Call
from notifications import recipients


def reserve(request: BookingRequest) -> Appointment:
    """Reserve the time here. Raises `SlotGone` if another reservation has the wished person at this time.

    Raises `Release` if a person has taken the request meanwhile, or a later event contradicts it.
    """
    branch, service, starts_at = request.where, request.service, request.starts_at
    assert service is not None and starts_at is not None
    customer = request.who
    try:
        with transaction.atomic():
            held = BookingRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
            if (held.status, held.unclear) != (request.status, request.unclear):
                raise Release(0.5, "the request has changed meanwhile")
            return Appointment.objects.create(
                company=request.company,
                branch=branch,
                customer=customer,
                staff=request.staff,
                service=service,
                call=request.call or _call_of(request),
                booking_request=request,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=service.duration_minutes),
                timezone=str(branch.zone),
                source=_source_of(request),
                # UNKNOWN from the first commit on: a job that finds this row after a crash must look at Cal.com first.
                sync_status=Appointment.Sync.UNKNOWN,
                asked_at=timezone.now(),
                attendee_name=request.name or (customer.name if customer else ""),
                attendee_email=request.email if recipients.is_real(request.email) else "",
                attendee_phone=request.contact_phone or (customer.phone if customer else None) or "",
                calcom_email=people.address_for(request),
                notes=request.notes,
                booking_key=request.booking_key,
            )
    except IntegrityError as error:
        if isinstance(error.__cause__, ExclusionViolation):
            raise SlotGone(SlotGone.__doc__) from None
        raise


def clear(appointment_id: int) -> None:
    """Release a reservation whose request a person has taken over; any booking it became at Cal.com is cancelled."""
    appointment = Appointment.objects.select_related("company", "service").filter(pk=appointment_id).first()
    if appointment is None:
        raise Gone(f"There is no appointment {appointment_id}.")
    if appointment.status != Appointment.Status.REQUESTED or appointment.calcom_uid is not None:
        return
    found = calcom.for_company(appointment.company).find_bookings_by_key(*appointment.look_up)
    uids = [booking.uid for booking in found if not booking.ended]
    with transaction.atomic():
        rows = CalcomUid.lock(appointment.company_id, *uids)
        if appointment.give_up(Detail.TAKEN_OVER):
            for row in rows.values():
                note_surplus(row, appointment)


def _source_of(request: BookingRequest) -> Appointment.Source:
    if request.booked_by_id is not None:
        return Appointment.Source.MANUAL
    if request.call is not None:
        return Appointment.Source.PHONE
    is_offered = Offer.objects.filter(booking_request=request).exists()
    return Appointment.Source.OFFER if is_offered else Appointment.Source.API


def _call_of(request: BookingRequest) -> Call | None:
    """The call whose follow-up staff book from: its story goes on."""
    asked = FollowUp.objects.select_related("call").filter(booking=request).first()
    return asked.call if asked is not None else None
