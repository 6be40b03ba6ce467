"""What happened with a customer, in the order of time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from appointments.models import Change
from askpro.console import display
from askpro.console.scope import Scope
from askpro.console.table import Table
from calls.models import Customer, CustomerMerge
from notifications.models import Notification

# Of each kind, and of all together.
MOST_OF_EACH: Final = 50
MOST: Final = 100

Event = tuple[datetime, str, Any, Any]


def history(customer: Customer, scope: Scope) -> Table:
    """Calls, appointments and their changes, messages, follow-ups and merges, the newest first, bounded."""
    events = [event for kind in KINDS for event in kind(customer, scope)]
    newest = sorted(events, key=lambda event: event[0], reverse=True)
    rows = [[display.minute(at), what, which, state] for at, what, which, state in newest[:MOST]]
    note = f"The newest {MOST}." if len(newest) > MOST else ""
    return Table("History", ["When", "What", "Which", "State"], rows, "Nothing yet.", note)


def _calls(customer: Customer, scope: Scope) -> Iterator[Event]:
    rows = scope.rows(customer.calls.order_by("-id"))
    for call in rows.only("retell_call_id", "outcome", "started_at", "created_at")[:MOST_OF_EACH]:
        yield call.said_at, "Call", display.link(call), display.state(call, "outcome")


def _appointments(customer: Customer, scope: Scope) -> Iterator[Event]:
    for row in scope.rows(customer.appointments.select_related("service").order_by("-id"))[:MOST_OF_EACH]:
        which = display.link(row, f"{display.local(row.starts_at, 'D j M Y, H:i')}, {row.service or display.NOTHING}")
        yield row.created_at, "Appointment", which, display.state(row)


def _changes(customer: Customer, scope: Scope) -> Iterator[Event]:
    rows = Change.objects.filter(appointment__in=scope.rows(customer.appointments.all()).values("pk"))
    for change in rows.select_related("appointment").order_by("-id")[:MOST_OF_EACH]:
        what = f"{change.get_kind_display()}: {change.get_channel_display()}"
        which = display.link(change.appointment, display.local(change.before, "D j M Y, H:i"))
        yield change.created_at, what, which, display.state(change, "state")


def _messages(customer: Customer, scope: Scope) -> Iterator[Event]:
    to_them = customer.notifications.exclude(kind=Notification.Kind.STAFF)
    for message in scope.rows(to_them.order_by("-id"))[:MOST_OF_EACH]:
        at = message.sent_at or message.created_at
        what = f"Message, {message.get_channel_display()}"
        yield at, what, display.link(message, message.get_kind_display()), display.state(message)


def _follow_ups(customer: Customer, scope: Scope) -> Iterator[Event]:
    rows = scope.rows(customer.follow_ups.select_related("company").order_by("-id"))
    for row in rows.defer("company__calcom_api_key")[:MOST_OF_EACH]:
        yield row.created_at, "Follow-up", display.link(row, row.title()), display.state(row)


def _merges(customer: Customer, scope: Scope) -> Iterator[Event]:
    rows = CustomerMerge.objects.filter(Q(kept=customer) | Q(lost=customer)).select_related("kept", "lost")
    for row in scope.rows(rows.order_by("-id"))[:MOST_OF_EACH]:
        state = display.pill("cancelled", "", "undone") if row.undone_at else display.pill("done", "", "merged")
        yield row.created_at, "Merge", display.link(row, f"{row.lost} into {row.kept}"), state


KINDS: Final = (_calls, _appointments, _changes, _messages, _follow_ups, _merges)
