"""What happened with a customer, in the order of time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

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
    note = _("The newest %(count)s.") % {"count": MOST} if len(newest) > MOST else ""
    return Table(_("History"), [_("When"), _("What"), _("Which"), _("State")], rows, _("Nothing yet."), note)


def _calls(customer: Customer, scope: Scope) -> Iterator[Event]:
    rows = scope.rows(customer.calls.order_by("-id"))
    for call in rows.only("retell_call_id", "outcome", "started_at", "created_at")[:MOST_OF_EACH]:
        yield call.said_at, _("Call"), display.link(call), display.state(call, "outcome")


def _appointments(customer: Customer, scope: Scope) -> Iterator[Event]:
    for row in scope.rows(customer.appointments.select_related("service").order_by("-id"))[:MOST_OF_EACH]:
        which = display.link(
            row, f"{display.local(row.starts_at, 'WEEKDAY_TIME_FORMAT')}, {row.service or display.NOTHING}"
        )
        yield row.created_at, _("Appointment"), which, display.state(row)


def _changes(customer: Customer, scope: Scope) -> Iterator[Event]:
    rows = Change.objects.filter(appointment__in=scope.rows(customer.appointments.all()).values("pk"))
    for change in rows.select_related("appointment").order_by("-id")[:MOST_OF_EACH]:
        what = f"{change.get_kind_display()}: {change.get_channel_display()}"
        which = display.link(change.appointment, display.weekday(change.before))
        yield change.created_at, what, which, display.state(change, "state")


def _messages(customer: Customer, scope: Scope) -> Iterator[Event]:
    to_them = customer.notifications.exclude(kind=Notification.Kind.STAFF)
    for message in scope.rows(to_them.order_by("-id"))[:MOST_OF_EACH]:
        at = message.sent_at or message.created_at
        what = _("Message, %(channel)s") % {"channel": message.get_channel_display()}
        yield at, what, display.link(message, message.get_kind_display()), display.state(message)


def _follow_ups(customer: Customer, scope: Scope) -> Iterator[Event]:
    rows = scope.rows(customer.follow_ups.select_related("company").order_by("-id"))
    for row in rows.defer("company__calcom_api_key")[:MOST_OF_EACH]:
        yield row.created_at, _("Follow-up"), display.link(row, row.title(get_language() or "")), display.state(row)


def _merges(customer: Customer, scope: Scope) -> Iterator[Event]:
    rows = CustomerMerge.objects.filter(Q(kept=customer) | Q(lost=customer)).select_related("kept", "lost")
    for row in scope.rows(rows.order_by("-id"))[:MOST_OF_EACH]:
        state = display.pill("cancelled", "", _("undone")) if row.undone_at else display.pill("done", "", _("merged"))
        yield (
            row.created_at,
            _("Merge"),
            display.link(row, _("%(lost)s into %(kept)s") % {"lost": row.lost, "kept": row.kept}),
            state,
        )


KINDS: Final = (_calls, _appointments, _changes, _messages, _follow_ups, _merges)
