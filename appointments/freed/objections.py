"""Why a freed time is offered to nobody, or not to this customer."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from appointments.booking.rules import problem_with
from appointments.models import Appointment, Ending, FreedTime, Passed
from askpro.language.sentences import Facts, Sentence
from calls.models import BookingRequest, Company, Service
from notifications import opt_outs, recipients

Status = Appointment.Status
STANDS = Q(status__in=(Status.REQUESTED, Status.CONFIRMED))


def against_offering(freed: FreedTime) -> Ending | None:
    """Why it must not be offered to anybody, by our own rows; None while it may be."""
    company = freed.company
    if not (company.is_active and company.books_appointments and company.offers_freed_times):
        return Ending.SWITCHED_OFF
    if not _is_bookable(freed.service):
        return Ending.NO_SERVICE
    return against_sending(company) or (Ending.TAKEN if is_taken(freed) else None)


def against_sending(company: Company) -> Ending | None:
    """Why nobody can be asked by SMS."""
    return None if company.sms_enabled and opt_outs.sender_of(company) else Ending.NO_SMS


def is_too_near(freed: FreedTime, now: datetime) -> bool:
    """Whether too little time is left for one more customer to answer and to come."""
    needed = timedelta(minutes=freed.company.offer_minutes + freed.company.offer_lead_minutes)
    return now + needed > freed.starts_at


def is_taken(freed: FreedTime) -> bool:
    """Whether another appointment of the same person is known at this time."""
    return freed.staff_id is not None and during(freed).filter(staff=freed.staff_id).exists()


def during(freed: FreedTime) -> QuerySet[Appointment]:
    """The company's appointments at this time."""
    rows = Appointment.objects.filter(STANDS, company_id=freed.company_id)
    return rows.filter(starts_at__lt=freed.ends_at, ends_at__gt=freed.starts_at)


def against_customer(request: BookingRequest, freed: FreedTime, now: datetime) -> tuple[Sentence, Facts] | None:
    """Why the customer of this request is not asked; None if they may be."""
    customer, number = request.customer, recipients.number_for(request)
    if why := recipients.sms_objection(customer, number, request):
        return why, {}
    if during(freed).filter(Q(customer=customer) | Q(attendee_phone=number)).exists():
        return Passed.HAS_APPOINTMENT, {}
    # What could not be booked is not offered.
    problem = problem_with(request, now)
    return (problem.detail, problem.facts) if problem is not None else None


def _is_bookable(service: Service) -> bool:
    return service.is_active and service.calcom_event_type_id is not None and not service.hindrances
