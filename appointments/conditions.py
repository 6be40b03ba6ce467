"""Whether people and clocks do their part: follow-ups that nobody takes, reminders that are late."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models import Change, Escalation, FollowUp, Reminder
from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold
from calls.models import Company

# Follow-ups that one look judges, the oldest first.
MOST: Final = 500


@condition(
    code="follow_ups_overdue",
    title=_("Nobody takes follow-ups"),
    severity=Severity.WARNING,
    needs=(Source.POSTGRES,),
    every=300,
    lasts=0,
    clears=0,
    quiet=True,
    thresholds={"count": 3, "hours": 4},
    cause=_(
        "{count} follow-ups of company {company} belong to nobody and are past their last deadline by {hours} hours "
        "of opening time. Callers were promised a call back."
    ),
    todo=_("Phone the company: do its people get the mails, and does anybody look at the list?"),
    link="/appointments/followup/?status__exact=open&company__id__exact={company}",
)
def follow_ups_overdue(now: datetime) -> Iterator[Finding]:
    """By company. The company's own people have been told of each deadline before."""
    late: dict[int, list[FollowUp]] = {}
    for follow_up in _past_last_deadline(now):
        late.setdefault(follow_up.company_id, []).append(follow_up)
    least, hours = threshold("follow_ups_overdue.count"), threshold("follow_ups_overdue.hours")
    for company_id, rows in late.items():
        if len(rows) >= least:
            facts = {"count": len(rows), "company": company_id, "hours": int(hours)}
            yield Finding(str(company_id), len(rows), least, min(row.deadline for row in rows), facts)


@condition(
    code="key_expiring",
    title=_("A key expires"),
    severity=Severity.WARNING,
    needs=(Source.POSTGRES,),
    every=3600,
    lasts=0,
    clears=0,
    quiet=True,
    thresholds={"days": 14},
    cause=_("Cal.com's key of company {company} expires in {days} days. From then on nothing is booked for it."),
    todo=_("Make a new key at Cal.com, enter it on the company's page with its day, and run calcom_connect."),
    link="/calls/company/{company}/change/",
)
def key_expiring(now: datetime) -> Iterator[Finding]:
    """By company. Cal.com says the day only where the key is made, so it is known if somebody has entered it."""
    most = threshold("key_expiring.days")
    dated = Company.objects.filter(is_active=True, calcom_key_expires_on__isnull=False).order_by("pk")
    for company_id, expires in dated.values_list("pk", "calcom_key_expires_on"):
        assert expires is not None
        left = (expires - timezone.localdate(now)).days
        if left <= most:
            yield Finding(f"calcom:{company_id}", left, most, facts={"company": company_id, "days": left})


@condition(
    code="reminders_late",
    title=_("Reminders are late"),
    severity=Severity.WARNING,
    needs=(Source.POSTGRES,),
    every=60,
    lasts=60,
    clears=300,
    thresholds={"minutes": 20},
    cause=_(
        "{count} reminders have not been written, the oldest is {minutes} minutes late. The job that the clock sends "
        "every five minutes does not run, fails, or has more to do than it can."
    ),
    todo=_(
        "Look at the job send_due_reminders: does the schedule send it, and what did it die of? Reminders are sent "
        "late as long as their appointment has not begun."
    ),
    link="/queues/schedule/",
)
def reminders_late(now: datetime) -> Iterator[Finding]:
    """Those that wait for what comes of a change are not late."""
    minutes = threshold("reminders_late.minutes")
    changing = Change.objects.filter(appointment=OuterRef("appointment_id"), state=Change.State.WAITING)
    due = Reminder.objects.filter(state=Reminder.State.DUE, due_at__lt=now - timedelta(minutes=minutes))
    late = list(due.filter(~Exists(changing)).order_by("due_at").values_list("due_at", flat=True)[: MOST + 1])
    if late:
        oldest = (now - late[0]).total_seconds() / 60
        facts = {"count": len(late), "minutes": int(oldest)}
        yield Finding("reminders", oldest, minutes, late[0], facts)


def _past_last_deadline(now: datetime) -> Iterator[FollowUp]:
    """Open, nobody's, every deadline has passed, and so long ago by the branch's opening hours."""
    grace = timedelta(hours=threshold("follow_ups_overdue.hours"))
    rows = FollowUp.objects.filter(
        status=FollowUp.Status.OPEN, assignee=None, next_step__gt=Escalation.Step.OVERDUE, company__is_active=True
    ).select_related("branch__company")
    last = timedelta(minutes=Escalation.MINUTES[Escalation.Step.OVERDUE]) + grace
    for row in rows.order_by("due_at")[:MOST]:
        until = row.clock_starts_at + last
        if row.branch is not None and until <= now:
            until = row.branch.after_opening_time(row.clock_starts_at, last)
        if until <= now:
            yield row
