"""Whose appointments they are: a caller may hear of, cancel and move their own, by the number they call from."""

from datetime import datetime

from django.db.models import Q

from appointments.models import Appointment
from calls.models import Company, Customer
from calls.models.customer_number import having


def upcoming(company: Company, number: str | None, now: datetime) -> list[Appointment]:
    """The appointments ahead of whoever has exactly this number (E.164), the next first; none without a number.

    The number is one of its customer's, or was given with the appointment where its customer has none. What was only
    said to be a contact number proves nothing: anybody can say any number.
    """
    if not number:
        return []
    customers = Customer.objects.filter(having(number, proven=True), company=company).values("pk")
    own = Q(customer__in=customers) | Q(customer__phone=None, attendee_phone=number)
    stands = Q(status=Appointment.Status.CONFIRMED) | Appointment.WAITS_FOR_HOST
    rows = Appointment.objects.select_related("company", "branch__company", "service", "staff", "customer")
    return list(rows.filter(own, stands, company=company, starts_at__gt=now).order_by("starts_at"))
