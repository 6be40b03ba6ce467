"""Finds a caller's upcoming appointments: one who wants to cancel or move means one of them."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q

from appointments.models import Appointment
from calls import strangers
from calls.models import BookingRequest, CustomerNumber
from calls.models.company import Language
from calls.phone import normalise
from notifications.text import dates

# The facts of a detail have room for this many appointments, and this much of each name.
MOST: Final = 3
LONGEST_NAME: Final = 18


def of_caller(request: BookingRequest, now: datetime) -> list[Appointment]:
    """The caller's appointments that are confirmed or wait for the host, by customer and by number, the next first."""
    stands = Q(status=Appointment.Status.CONFIRMED) | Appointment.WAITS_FOR_HOST
    numbers = _numbers(request)
    owners = CustomerNumber.objects.filter(company=request.company, number__in=numbers).values("customer")
    own = Q(attendee_phone__in=numbers) | Q(customer__phone__in=numbers) | Q(customer__in=owners)
    if request.who is not None:
        own |= Q(customer=request.who)
    rows = Appointment.objects.select_related("service", "company").filter(own, stands, company=request.company)
    return list(rows.filter(starts_at__gt=now).exclude(booking_request=request).order_by("starts_at")[:MOST])


def named(appointment: Appointment) -> str:
    """When, what and for whom, in the company's language."""
    language = Language(appointment.company.language)
    when = dates.short_moment(appointment.starts_at.astimezone(ZoneInfo(appointment.timezone)), language)
    service = appointment.service.name if appointment.service else ""
    who = strangers.unlinked(appointment.attendee_name)[:LONGEST_NAME]
    return ", ".join(part for part in (when, service[:LONGEST_NAME], who) if part)


def _numbers(request: BookingRequest) -> set[str]:
    call, who = request.call, request.who
    theirs = (call.to_number if call.direction == "outbound" else call.from_number) if call else ""
    known = (
        normalise(theirs, request.where.home),
        request.contact_phone,
        who.phone if who else None,
        who.contact_phone if who else None,
    )
    return {number for number in known if number}
