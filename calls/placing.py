"""Which branch a call was for, where it was taken for another one's: a person says so."""

from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from appointments.models import Appointment, FollowUp
from calls.models import BookingRequest, Branch, Call

# Requests that nothing was booked for, or changed.
UNBOOKED: Final = (BookingRequest.Status.OPEN, BookingRequest.Status.FOLLOW_UP)
AHEAD: Final = (Appointment.Status.REQUESTED, Appointment.Status.CONFIRMED)


def other_branches(call: Call) -> QuerySet[Branch]:
    """Where it can be placed instead."""
    rows = Branch.objects.filter(company=call.company_id, is_active=True).exclude(pk=call.branch_id)
    return rows.order_by("name", "pk")


def with_elsewhere(calls: QuerySet[Call]) -> QuerySet[Any]:
    """Calls with `has_elsewhere`: whether there is a branch where each could be placed instead."""
    rows = Branch.objects.filter(company=OuterRef("company"), is_active=True).exclude(pk=OuterRef("branch"))
    return calls.annotate(has_elsewhere=Exists(rows))


def open_follow_ups(call: Call) -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(call=call, status=FollowUp.Status.OPEN)


def appointments_ahead(call: Call) -> QuerySet[Appointment]:
    rows = Appointment.objects.filter(call=call, status__in=AHEAD, starts_at__gt=timezone.now())
    return rows.select_related("branch").order_by("starts_at", "pk")


def place(call: Call, branch: Branch) -> bool:
    """Give the call to another branch of its company, with what it still asks for and who is to call back.

    Appointments stay where they are: Cal.com has them, and their customers were told. Staff and services that the other
    branch does not have are no longer what the caller asks for; the words stay. False if somebody was first.
    """
    with transaction.atomic():
        rows = Call.objects.filter(pk=call.pk, branch=call.branch_id)
        if not rows.update(branch=branch, updated_at=timezone.now()):
            return False
        wishes = BookingRequest.objects.filter(call=call, status__in=UNBOOKED)
        wishes.update(branch=branch)
        wishes.exclude(staff=None).exclude(staff__branch=branch).update(staff=None)
        wishes.exclude(service__branch=None).exclude(service__branch=branch).update(service=None)
        open_follow_ups(call).update(branch=branch)
    return True
