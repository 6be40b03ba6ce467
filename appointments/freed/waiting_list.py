"""The waiting list, as staff keep it: from a follow-up by one press, and its end."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from appointments.booking.alternatives import SEARCH_DAYS
from appointments.models import Detail, FollowUp, WaitingEntry
from calls.models.company import CALL_BACK_WITHIN
from notifications import staff


def may_enter(follow_up: FollowUp) -> bool:
    """Whether its customer can be put on the list: it is open, and says who wants which service."""
    request = follow_up.booking_request
    is_known = follow_up.customer is not None and request is not None and request.service is not None
    is_open = follow_up.status == FollowUp.Status.OPEN
    waiting = follow_up.waiting_entries.filter(state=WaitingEntry.State.WAITING)
    return is_open and is_known and not waiting.exists()


def enter(follow_up: FollowUp, user: Any, note: str) -> bool:
    """Put its customer on the list for the wished day and the days in which other times are looked for.

    The follow-up stays open until a freed time is booked, or a person resolves it. False if it may not be entered.
    """
    with transaction.atomic():
        held = FollowUp.objects.select_for_update(no_key=True, of=("self",))
        row = held.select_related("customer", "booking_request__call__branch", "booking_request__branch").get(
            pk=follow_up.pk
        )
        if not may_enter(row):
            return False
        request, customer = row.booking_request, row.customer
        assert request is not None and request.service is not None and customer is not None  # by `may_enter`
        now = timezone.now()
        first_day = max(request.starts_at or now, now).astimezone(request.where.zone).date()
        WaitingEntry.objects.create(
            company_id=row.company_id,
            customer=customer,
            service=request.service,
            staff=request.staff,
            branch=request.where,
            first_day=first_day,
            last_day=first_day + timedelta(days=SEARCH_DAYS),
            note=note[:500],
            follow_up=row,
            asked_at=request.created_at,
            created_by=user,
        )
    return True


def expire(entry: WaitingEntry, now: datetime) -> None:
    """Take it off the list once its last day is over; a person calls, unless a follow-up already asks for that."""
    zone = entry.branch.zone if entry.branch is not None else ZoneInfo(entry.company.timezone)
    if now.astimezone(zone).date() <= entry.last_day or not entry.end(WaitingEntry.State.EXPIRED):
        return
    if entry.follow_up is not None and entry.follow_up.status == FollowUp.Status.OPEN:
        return
    detail = Detail.WAITED_IN_VAIN
    follow_up = FollowUp.objects.create(
        company=entry.company,
        branch=entry.branch,
        customer=entry.customer,
        reason=FollowUp.Reason.CALLBACK,
        detail=detail,
        detail_facts=detail.checked({"service": entry.service.name, "day": f"{entry.last_day:%d.%m.%Y}"}),
        due_at=entry.branch.call_back_by(now) if entry.branch is not None else now + CALL_BACK_WITHIN,
    )
    staff.tell(follow_up)
