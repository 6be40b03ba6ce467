"""Finds ended calls that no job reads, and sends their jobs again or asks a person; moves what was written for merged
customers."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from appointments import follow_ups
from appointments.models import Detail, FollowUp
from appointments.tasks import update_analytics
from askpro import sweeping
from askpro.one_by_one import one_by_one
from askpro.queues.models import Job
from calls import merging
from calls.models import Call
from calls.tasks import send_chain

# Reading waits for the analysis for two minutes at most; an older call without a job was forgotten.
FORGOTTEN_AFTER: Final = timedelta(minutes=5)
MOST: Final = 200
READERS: Final = ("extract_call_data",)
# What the agent's functions have settled is read all the same: there may be a wish that they did not hear.
UNREAD: Final = (Call.Outcome.PENDING, Call.Outcome.BOOKED, Call.Outcome.CHANGED, Call.Outcome.FOLLOW_UP)


def sweep() -> None:
    """Called every half minute by the chores process of every supervisor."""
    one_by_one((resend_forgotten, merging.move_stragglers), lambda part: part())


def resend_forgotten() -> None:
    """Send the chain again for ended calls that no live job reads; where that job gave up, ask a person."""
    with transaction.atomic():
        calls = _calls_in_question()
        known = sweeping.statuses(READERS, [f"call:{call.pk}" for call in calls])

        def act(call: Call) -> None:
            gave_up = known.get(f"call:{call.pk}", set()) & {Job.Status.DEAD, Job.Status.CANCELLED}
            _hand_over(call) if gave_up else send_chain(call)

        one_by_one(calls, act, atomic=True)


def _calls_in_question() -> list[Call]:
    rows = Call.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
        "company", "branch__company", "customer"
    )
    unread = rows.filter(outcome__in=UNREAD, extracted_at=None, end_heard_at__isnull=False)
    with_person = FollowUp.objects.filter(call=OuterRef("pk"), booking_request=None, reason=FollowUp.Reason.JOB_DEAD)
    waiting = unread.filter(~Exists(with_person), updated_at__lt=timezone.now() - FORGOTTEN_AFTER)
    return list(sweeping.without_job(waiting, sweeping.tag("call"), READERS).order_by("updated_at")[:MOST])


def _hand_over(call: Call) -> None:
    """Ask a person to listen to the call; a retry of the dead job still reads the request."""
    call.settle_outcome(Call.Outcome.FOLLOW_UP)
    follow_ups.open_for_call(call, FollowUp.Reason.JOB_DEAD, Detail.READING_FAILED)
    update_analytics.send(call_id=call.pk, company_id=call.company_id)
