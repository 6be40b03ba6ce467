"""Changes that wait: a job for each, a person who is told, and an end in time."""

from datetime import timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from appointments import follow_ups
from appointments.models import Appointment, Change, Detail, FollowUp
from appointments.models.follow_up import CHANGE
from askpro import sweeping
from askpro.by_name import job
from askpro.one_by_one import one_by_one
from askpro.queues.models import Job

State = Change.State

JOB: Final = "carry_out_change"
# An attempt made while somebody waits ends well before this, and its job begins then.
FORGOTTEN_AFTER: Final = timedelta(minutes=2)
TOLD_AFTER: Final = timedelta(seconds=80)
AT_ONCE: Final = 200
NOTED_FOR: Final = timedelta(days=7)


def resend_forgotten() -> None:
    """Find waiting changes without a live job: if the job gave up, tell a person, else send it again."""
    old = _waiting().filter(created_at__lt=timezone.now() - FORGOTTEN_AFTER)
    forgotten = list(sweeping.without_job(old, sweeping.tag("change"), (JOB,)).order_by("id")[:AT_ONCE])
    statuses = sweeping.statuses((JOB,), [f"change:{change.pk}" for change in forgotten]) if forgotten else {}
    gave_up = {Job.Status.DEAD, Job.Status.CANCELLED}

    def act(change: Change) -> None:
        if statuses.get(f"change:{change.pk}", set()) & gave_up:
            _tell(change, Detail.CHANGE_FAILED)
        else:
            arguments = {"appointment_id": change.appointment_id, "company_id": change.company_id}
            job(JOB).send(change_id=change.pk, **arguments)

    one_by_one(forgotten, act, atomic=True)


def tell_of_waiting() -> None:
    """Tell a person about each change that Cal.com has not carried out for a while; its end settles that."""
    late = _waiting().filter(~Exists(_asked()), created_at__lt=timezone.now() - TOLD_AFTER)
    one_by_one(late.order_by("id")[:AT_ONCE], lambda change: _tell(change, Detail.CHANGE_WAITS), atomic=True)


def end_late() -> None:
    """End changes whose appointment has begun, or whose new time has come, and tell a person; and what was noted of who
    came, and Cal.com has not taken for a week."""
    now = timezone.now()
    has_begun = ~Q(kind__in=Change.ATTENDANCE) & (Q(appointment__starts_at__lte=now) | Q(starts_at__lte=now))
    over = has_begun | Q(kind__in=Change.ATTENDANCE, created_at__lte=now - NOTED_FOR)
    rows = Change.objects.select_related("appointment__branch__company", "company", "call")
    late = rows.filter(over, state__in=(State.WAITING, State.REQUESTED))
    one_by_one(late.order_by("id")[:AT_ONCE], _end, atomic=True)


def _waiting() -> QuerySet[Change]:
    rows = Change.objects.select_related("appointment__branch__company", "company", "call")
    return rows.filter(state=State.WAITING)


def _asked() -> QuerySet[FollowUp]:
    """What a person was asked about the change since it was wanted."""
    about = FollowUp.objects.filter(appointment=OuterRef("appointment"), topic=CHANGE)
    return about.filter(created_at__gte=OuterRef("created_at"))


def _tell(change: Change, why: Detail) -> None:
    """Ask a person once for each reason; a change that has ended meanwhile asks for nobody."""
    Appointment.objects.select_for_update(no_key=True).get(pk=change.appointment_id)
    asked = FollowUp.objects.filter(appointment=change.appointment_id, topic=CHANGE, created_at__gte=change.created_at)
    is_waiting = _waiting().filter(pk=change.pk).exists()
    if is_waiting and not asked.filter(Q(detail=why) | Q(status=FollowUp.Status.DONE)).exists():
        follow_ups.settle_change(change.appointment, Detail.REPLACED)
        follow_ups.open_for_change(change, why)


def _end(change: Change) -> None:
    Appointment.objects.select_for_update(no_key=True).get(pk=change.appointment_id)
    waited_here = change.state == State.WAITING
    if change.end(State.REFUSED, Detail.CHANGE_TOO_LATE) and waited_here:
        follow_ups.settle_change(change.appointment, Detail.REPLACED)
        follow_ups.open_for_change(change, Detail.CHANGE_TOO_LATE)
