"""The front page: what is wrong now, what needs a person now, and the day."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone

from askpro.console import waits
from askpro.console.repair.outages import may_repair
from askpro.console.scope import Scope
from askpro.console.today import agenda, call_backs, day_calls, first_steps, numbers
from askpro.console.today.counting import counted
from askpro.console.today.day import Day
from askpro.console.today.wrong import wrong
from notifications.models import Notification

# Messages that failed earlier were seen yesterday.
FAILED_WITHIN: Final = timedelta(days=2)


def board(user: Any) -> dict[str, Any]:
    """The page's context, as far as the person may see it."""
    now = timezone.now()
    scope, day = Scope.of(user), Day(now)
    counts = counted(_asked(user, scope, day))
    context: dict[str, Any] = {
        "now": now,
        "day": day,
        "is_unbound": scope.is_empty,
        "is_single": scope.is_single,
        "wrong": wrong(user, now),
        "may_repair": may_repair(user),
        "may_read_runbook": user.has_perm("watch.view_incident"),
        "counts": counts,
        "numbers": numbers.numbers(counts),
        "waits": waits.lines(user, counts),
        "first_steps": first_steps.first_steps(counts),
    }
    if user.has_perm("appointments.view_followup"):
        context["call_backs"] = call_backs.call_backs(scope, now)
    if user.has_perm("appointments.view_appointment"):
        is_long = counts["appointments"].number > agenda.MOST
        context["to_confirm"] = agenda.to_confirm(scope, now) if counts["to_confirm"] else []
        context["agenda"] = agenda.agenda(scope, day, is_long=is_long)
        context["is_long_day"] = is_long
    if user.has_perm("calls.view_call"):
        context["calls"] = day_calls.newest(scope, day)
    return context


def _asked(user: Any, scope: Scope, day: Day) -> dict[str, QuerySet[Any]]:
    """All that is counted, for what the person may see."""
    asked = numbers.asked(user, scope, day)
    if user.has_perm("appointments.view_followup"):
        asked["call_backs"] = call_backs.still_open(scope)
        asked["overdue"] = call_backs.overdue(scope, day.now)
    if user.has_perm("appointments.view_appointment"):
        asked["to_confirm"] = agenda.unconfirmed(scope, day.now)
    if user.has_perm("notifications.view_notification"):
        asked["failed_messages"] = failed_messages(scope, day.now)
    return asked | waits.asked(user) | (first_steps.asked() if scope.is_whole else {})


def failed_messages(scope: Scope, now: datetime) -> QuerySet[Notification]:
    """Messages that reached nobody, and whose customers may not know what they need to."""
    failed = Notification.objects.filter(status=Notification.Status.FAILED, created_at__gte=now - FAILED_WITHIN)
    return scope.rows(failed)
