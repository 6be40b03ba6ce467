"""Today in numbers, beside the same weekday a week ago by the same time of day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from askpro.console.scope import Scope
from askpro.console.today import agenda, day_calls
from askpro.console.today.counting import Count
from askpro.console.today.day import Day
from askpro.console.today.reach import by_company
from calls.models import Call
from notifications.models import Notification

_BEFORE: Final = "_before"


@dataclass(frozen=True, slots=True)
class Number:
    """What was counted, now and a week ago, and the page that shows it."""

    label: str
    now: Count
    before: Count
    address: str


@dataclass(frozen=True, slots=True)
class _Kind:
    permission: str
    rows: Callable[[Scope, Day], QuerySet[Any]]
    label: Promise
    page: str
    query: str = ""


def _booked(scope: Scope, day: Day) -> QuerySet[Call]:
    return day_calls.so_far(scope, day).filter(outcome=Call.Outcome.BOOKED)


def _sent(scope: Scope, day: Day) -> QuerySet[Notification]:
    rows = Notification.objects.filter(created_at__gte=day.start, created_at__lte=day.now)
    return by_company(scope, rows).filter(status__in=(Notification.Status.SENT, Notification.Status.DELIVERED))


KINDS: Final[dict[str, _Kind]] = {
    "calls": _Kind("calls.view_call", day_calls.so_far, _("Calls"), "calls_call_changelist", "period=today"),
    "booked": _Kind(
        "calls.view_call",
        _booked,
        _("Booked by phone"),
        "calls_call_changelist",
        "outcome__exact=booked&period=today",
    ),
    "appointments": _Kind("appointments.view_appointment", agenda.of_day, _("Appointments"), "calendar"),
    "sent": _Kind(
        "notifications.view_notification",
        _sent,
        _("Messages sent"),
        "notifications_notification_changelist",
        "period=today",
    ),
}


def asked(user: Any, scope: Scope, day: Day) -> dict[str, QuerySet[Any]]:
    """The queries to be counted, for what the person may see."""
    rows = {}
    for name, kind in KINDS.items():
        if user.has_perm(kind.permission):
            rows[name] = kind.rows(scope, day)
            rows[f"{name}{_BEFORE}"] = kind.rows(scope, day.week_before)
    return rows


def numbers(counts: Mapping[str, Count]) -> list[Number]:
    return [
        Number(str(kind.label), counts[name], counts[f"{name}{_BEFORE}"], _address(kind))
        for name, kind in KINDS.items()
        if name in counts
    ]


def _address(kind: _Kind) -> str:
    address = reverse(f"admin:{kind.page}")
    return f"{address}?{kind.query}" if kind.query else address
