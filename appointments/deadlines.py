"""The deadlines of follow-ups: whoever has to act is told of each that passes, once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from appointments.models import Escalation, FollowUp
from askpro.one_by_one import one_by_one
from notifications import staff

Step = Escalation.Step

AT_ONCE: Final = 500


def escalate(now: datetime) -> None:
    """Tell of the deadlines that have passed by `now`, and reckon those of follow-ups that are new.

    A deadline is reckoned again when its time has come, so that closed days and hours entered meanwhile count. Of
    several that passed together, as after an outage, each address hears of the last one that concerns it.
    """
    due = Q(next_step_at=None) | Q(next_step_at__lte=now)
    rows = FollowUp.objects.filter(due, status=FollowUp.Status.OPEN, next_step__lte=Step.OVERDUE)
    first = rows.order_by("next_step_at", "pk").values_list("pk", flat=True)[:AT_ONCE]
    one_by_one(first, lambda pk: _look_at(pk, now), atomic=True)


def deadline(follow_up: FollowUp, step: Step) -> datetime:
    """When this step is due: so many minutes of the branch's opening time after the clock began."""
    length, start = timedelta(minutes=Escalation.MINUTES[step]), follow_up.clock_starts_at
    return follow_up.branch.after_opening_time(start, length) if follow_up.branch else start + length


def _look_at(pk: int, now: datetime) -> None:
    rows = FollowUp.objects.select_for_update(skip_locked=True, of=("self",))
    related = ("company", "branch__company", "assignee")
    follow_up = rows.select_related(*related).filter(pk=pk, status=FollowUp.Status.OPEN).first()
    if follow_up is None:
        return
    passed = list(_passed(follow_up, now))
    after = follow_up.next_step + len(passed)
    is_last = after > Step.OVERDUE
    follow_up.plan(after, None if is_last else deadline(follow_up, Step(after)))
    _tell(follow_up, passed)


def _passed(follow_up: FollowUp, now: datetime) -> Iterator[Escalation]:
    for step in [step for step in Step if step >= follow_up.next_step]:
        due_at = deadline(follow_up, step)
        if due_at > now:
            return
        told = staff.address_for(follow_up, step)
        yield Escalation(follow_up=follow_up, round=follow_up.round, step=step, due_at=due_at, told=told)


def _tell(follow_up: FollowUp, passed: list[Escalation]) -> None:
    last = {escalation.told: escalation for escalation in passed}
    for escalation in passed:
        is_overtaken = last[escalation.told] is not escalation
        if is_overtaken:
            escalation.told = ""
        escalation.save()
        if escalation.told:
            staff.warn(follow_up, escalation)
