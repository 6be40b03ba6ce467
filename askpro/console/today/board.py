"""What the front page says: today's work, what waits for a person, and how the queues stand."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils import timezone

from appointments.models import DailyCount, FollowUp
from askpro.console import queue_board
from askpro.console.filters import since
from askpro.console.fleet_board import living
from askpro.console.scope import Scope
from askpro.queues.models import Worker
from calls.models import BookingRequest, Call, Company
from notifications.models import Notification
from webhooks.models import WebhookEvent

DAYS = 14
MOST_ROWS = 6


def numbers(user: Any) -> dict[str, Any]:
    """The context of the front page, as far as the person may see it."""
    scope = Scope.of(user)
    context: dict[str, Any] = {"now": timezone.now(), "is_unbound": scope.is_empty}
    context |= {"is_new": scope.is_whole and not Call.objects.exists()}
    if user.has_perm("calls.view_call"):
        context |= {"today": today(scope), "days": days(scope), "newest": newest(scope)}
    if user.has_perm("appointments.view_followup"):
        context |= {"follow_ups": follow_ups(scope)}
    if user.has_perm("notifications.view_notification"):
        context |= {"messages_failed": failed_messages(scope)}
    if user.has_perm("webhooks.view_webhookevent"):
        context |= {"events": troubled_events(scope)}
    if user.has_perm("queues.view_job"):
        context |= {"queues": queue_board.lines(), "workers": workers()}
    return context


def today(scope: Scope) -> dict[str, int]:
    """Calls since midnight, and what came of them."""
    # By company, because that is how the index is built: no count may read the whole table.
    companies = list(scope.rows(Company.objects.all()).values_list("pk", flat=True))
    calls = Call.objects.filter(company_id__in=companies, started_at__gte=since("today"))
    requests = BookingRequest.objects.filter(call__in=calls)
    return {
        "calls": calls.count(),
        "ongoing": calls.filter(status=Call.Status.ONGOING).count(),
        "booked": requests.filter(status=BookingRequest.Status.BOOKED).count(),
        "requests": requests.count(),
    }


def days(scope: Scope) -> list[dict[str, Any]]:
    """Calls and bookings of the last days, all companies together, oldest first; days without a call included."""
    first = timezone.localdate() - timedelta(days=DAYS - 1)
    rows = scope.rows(DailyCount.objects.filter(day__gte=first)).values_list("day", "calls", "bookings")
    held: dict[Any, list[int]] = {first + timedelta(days=n): [0, 0] for n in range(DAYS)}
    for day, calls, bookings in rows:
        if day in held:
            held[day][0] += calls
            held[day][1] += bookings
    most = max((calls for calls, _ in held.values()), default=0)
    return [
        {
            "day": day,
            "calls": calls,
            "bookings": bookings,
            "height": round(100 * calls / most) if most else 0,
            "share": round(100 * bookings / calls) if calls else 0,
        }
        for day, (calls, bookings) in held.items()
    ]


def newest(scope: Scope) -> list[Call]:
    """The latest calls."""
    rows = scope.rows(Call.objects.select_related("company", "customer")).order_by("-id")
    heavy = ("transcript", "analysis", "variables", "problems", "summary")
    return list(rows.defer(*heavy, "company__calcom_api_key")[:MOST_ROWS])


def follow_ups(scope: Scope) -> dict[str, Any]:
    """What waits for a person, the most urgent first."""
    still_open = scope.rows(FollowUp.objects.filter(status=FollowUp.Status.OPEN))
    dated = still_open.annotate(by=FollowUp.DEADLINE)
    counted = dated.aggregate(open=Count("pk"), overdue=Count("pk", filter=Q(by__lt=Now())))
    next_ones = dated.select_related("company", "customer").defer("company__calcom_api_key").order_by("by", "pk")
    return {**counted, "next": list(next_ones[:MOST_ROWS])}


def failed_messages(scope: Scope) -> int:
    """Messages of the last seven days that nobody received."""
    failed = Notification.objects.filter(status=Notification.Status.FAILED, created_at__gte=since("7d"))
    return scope.rows(failed).count()


def troubled_events(scope: Scope) -> dict[str, int]:
    """Webhook events of the last seven days that need a person, by state."""
    states = ("failed", "unassigned", "conflict", "invalid")
    rows = scope.rows(WebhookEvent.objects.filter(received_at__gte=since("7d"), status__in=states))
    return dict(rows.order_by().values_list("status").annotate(Count("pk")))


def workers() -> dict[str, int]:
    """Processes that run, by their own word, under supervisors that beat."""
    alive = living()
    running = Worker.objects.filter(status=Worker.Status.RUNNING, supervisor__in=alive)
    return {"supervisors": len(alive), "workers": running.count()}
