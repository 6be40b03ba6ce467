"""Ends the wait for a call whose end nobody reports."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from appointments import follow_ups
from appointments.models import Detail, FollowUp
from appointments.tasks import update_analytics
from calls.customers import customer_of
from calls.models import Call


def overdue(now: datetime) -> QuerySet[Call]:
    """Calls that should have ended by now, the oldest first."""
    latest = now - timedelta(seconds=settings.RETELL_LONGEST_CALL)
    rows = Call.objects.filter(status=Call.Status.ONGOING).alias(began_at=Coalesce("started_at", "created_at"))
    return rows.filter(began_at__lt=latest).order_by("created_at")


def give_up(call: Call, why: Detail) -> bool:
    """Call it lost and ask a person to call back; False if its end came first.

    If its end is heard of after all, it is worked on like any other, and the follow-up settles itself.
    """
    with transaction.atomic():
        held = Call.objects.select_for_update(of=("self",)).select_related("company", "branch__company", "customer")
        call = held.get(pk=call.pk)
        if not call.lose():
            return False
        # So that the person who is told has the number to call.
        call.customer = customer_of(call, None)
        call.save(update_fields=["customer", "updated_at"])
        follow_ups.open_for_call(call, FollowUp.Reason.LOST_CALL, why)
        update_analytics.send(call_id=call.pk, company_id=call.company_id)
    return True
