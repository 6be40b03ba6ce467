"""Finds our rows of the people in a booking: staff for Cal.com's hosts, customers for its attendees."""

import hashlib
from typing import Any

from django.conf import settings

from appointments.calcom.booking import Booking, Host
from appointments.models import Appointment
from calls.models import BookingRequest, Customer, Staff
from calls.models.customer_number import having
from calls.phone import normalise
from notifications import recipients


def staff_of(booking: Booking, company_id: int) -> Staff | None:
    """The first host that is one of the company's staff, known by id, or linked now by a unique address."""
    found = (_by_id(host, company_id) or _by_email(host, company_id) for host in booking.hosts)
    return next((staff for staff in found if staff is not None), None)


def customer_of(booking: Booking, appointment: Appointment) -> Customer | None:
    """The company's customer with exactly the attendee's number; never guessed by name or address."""
    phone = _phone(booking, appointment)
    if not phone:
        return None
    return Customer.objects.filter(having(phone), company_id=appointment.company_id).order_by("pk").first()


def attendee_facts(booking: Booking, appointment: Appointment) -> dict[str, Any]:
    """What the booking knows about the attendee and we do not; what we already have is kept, and nothing is learned of
    a person who was erased."""
    if appointment.erased_at is not None:
        return {}
    attendee = booking.attendee
    known = {
        "attendee_name": attendee.name,
        "attendee_email": attendee.email if recipients.is_real(attendee.email) else "",
        "attendee_phone": _phone(booking, appointment) or "",
    }
    return {field: value for field, value in known.items() if value and not getattr(appointment, field)}


def address_for(request: BookingRequest) -> str:
    """The e-mail address for Cal.com: the caller's own, else one made up for this customer only.

    Cal.com finds a booker by address: callers who shared one were given each other's bookings.
    """
    if recipients.is_real(request.email):
        return request.email
    nobody = f"anruf-{request.call_id}" if request.call_id else f"anfrage-{request.pk}"
    who = str(request.who.pk) if request.who else nobody
    mark = hashlib.sha256(f"{settings.SECRET_KEY}:{request.company_id}:{who}".encode()).hexdigest()[:10]
    return f"kunde-{who}-{mark}@{settings.SYNTHETIC_EMAIL_DOMAIN}"


def _phone(booking: Booking, appointment: Appointment) -> str | None:
    country = appointment.branch.home if appointment.branch else appointment.company.country
    return normalise(booking.attendee.phone, country)


def _by_id(host: Host, company_id: int) -> Staff | None:
    if host.id is None:
        return None
    rows = Staff.objects.select_related("branch").filter(company_id=company_id, calcom_user_id=host.id)[:2]
    return rows[0] if len(rows) == 1 else None


def _by_email(host: Host, company_id: int) -> Staff | None:
    if not host.email:
        return None
    rows = Staff.objects.select_related("branch").filter(company_id=company_id, email__iexact=host.email)[:2]
    if len(rows) != 1:
        return None
    if host.id is not None:
        Staff.objects.filter(pk=rows[0].pk, calcom_user_id=None).update(calcom_user_id=host.id)
    return rows[0]
