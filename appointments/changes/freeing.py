"""Notes the time that an appointment leaves, so that it can be offered to those who wait for it."""

from typing import Any, Final

from django.utils import timezone

from appointments.changes.history import Before
from appointments.models import Appointment, Change, FreedTime, Offer
from askpro.by_name import job
from calls.models import BookingRequest, Branch

JOB: Final = "offer_freed_time"
CANCELLED, CONFIRMED = Appointment.Status.CANCELLED, Appointment.Status.CONFIRMED


def note(appointment: Appointment, before: Before) -> None:
    """Write what the news freed, with the job that offers it; in the news' transaction, after its changes were noted.

    What nobody could book is written, too, if the company offers freed times: its page says why nobody was asked.
    """
    if not _left(appointment, before) or not appointment.company.offers_freed_times:
        return
    branch = appointment.branch or _only_branch(appointment)
    if appointment.service is None or branch is None:
        return
    time: dict[str, Any] = {
        "service": appointment.service,
        "branch": branch,
        "staff_id": before.staff_id,
        "starts_at": before.starts_at,
    }
    freed, is_new = FreedTime.objects.get_or_create(
        **time,
        state__in=FreedTime.LIVE,
        defaults={"company_id": appointment.company_id, "appointment": appointment, "ends_at": before.ends_at},
    )
    # One that is being offered goes on by itself.
    if is_new:
        job(JOB).send(freed_time_id=freed.pk, company_id=freed.company_id)


def follow(request: BookingRequest) -> None:
    """Have a freed time that this request accepts follow what has become of it, in the caller's transaction."""
    offer = Offer.objects.filter(booking_request=request).first() if request.call_id is None else None
    if offer is not None:
        job(JOB).send(freed_time_id=offer.freed_time_id, company_id=offer.company_id)


def _left(appointment: Appointment, before: Before) -> bool:
    """Whether it has left a time ahead, which was its own or which it was asked to leave.

    A time that the host has not agreed to, and refuses, is not free.
    """
    is_left = appointment.status == CANCELLED or appointment.starts_at != before.starts_at
    if before.status not in (Appointment.Status.REQUESTED, CONFIRMED) or not is_left:
        return False
    return before.starts_at > timezone.now() and (before.status == CONFIRMED or _was_wished(appointment))


def _was_wished(appointment: Appointment) -> bool:
    newest = appointment.changes.exclude(state=Change.State.REFUSED).first()
    return newest is not None and not newest.is_from_calcom


def _only_branch(appointment: Appointment) -> Branch | None:
    branches = list(Branch.objects.filter(company_id=appointment.company_id, is_active=True)[:2])
    return branches[0] if len(branches) == 1 else None
