"""The caller's own upcoming appointments: by the number that calls, and what was booked in this very call."""

from django.db.models import Q
from django.utils import timezone

from appointments.changes import whose
from appointments.models import Appointment
from calls.models import BookingRequest, Call
from calls.tenancy import other_party
from calls.text import fold


def number_of(call: Call) -> str | None:
    """The caller's number in E.164; None if it is withheld. A number that is only said proves nothing."""
    return other_party(call.direction, call.from_number, call.to_number, call.branch.home)


def upcoming(call: Call) -> list[Appointment]:
    """The next first."""
    now = timezone.now()
    stands = Q(status=Appointment.Status.CONFIRMED) | Appointment.WAITS_FOR_HOST
    of_this_call = Appointment.objects.filter(stands, call=call, starts_at__gt=now)
    related = of_this_call.select_related("company", "branch__company", "service", "staff", "customer")
    known = {each.pk: each for each in (*whose.upcoming(call.company, number_of(call), now), *related)}
    return sorted(known.values(), key=lambda appointment: appointment.starts_at)


def reserved(call: Call) -> list[Appointment]:
    """What was wished in this call, and is not known to be booked yet."""
    waiting = Q(booking_request__status=BookingRequest.Status.OPEN)
    rows = Appointment.objects.filter(Appointment.IS_RESERVATION, waiting, call=call)
    return list(rows.select_related("company", "branch__company", "service", "staff"))


def for_what_is_wished(call: Call, request: BookingRequest) -> list[Appointment]:
    """Her own appointments for the wished service at the wished time: first what is booked, then what is reserved.

    Mostly nobody has such an appointment, which one light look-up tells: whose they are takes three heavy ones.
    """
    if request.starts_at is None:
        return []
    alike = Appointment.objects.filter(company=call.company_id, service=request.service_id, starts_at=request.starts_at)
    if not alike.exists():
        return []
    return [each for each in (*upcoming(call), *reserved(call)) if _is_for(each, request)]


def _is_for(appointment: Appointment, request: BookingRequest) -> bool:
    """Whether it is what is wished. A caller may want the same for somebody else, whose name is said then."""
    is_there = (appointment.starts_at, appointment.service_id) == (request.starts_at, request.service_id)
    return is_there and (not request.name or fold(request.name) == fold(appointment.attendee_name))
