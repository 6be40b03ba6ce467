"""What belongs to a customer, and what happened with them, in the order of time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from appointments.models import Appointment, Change
from askpro.console import display
from askpro.console.membership import IsIn
from askpro.console.scope import Scope
from askpro.console.table import Table
from calls.models import Call, Customer, CustomerMerge
from notifications.models import Notification

# Of each kind, and of all together; and in a list of its own.
MOST_OF_EACH: Final = 50
MOST: Final = 100
MOST_LISTED: Final = 20

Event = tuple[datetime, str, Any, Any]


class Theirs:
    """The newest calls, appointments and messages of a customer, each read once for all that a page tells of them."""

    def __init__(self, customer: Customer, scope: Scope) -> None:
        self.customer = customer
        self.scope = scope

    @cached_property
    def calls(self) -> list[Call]:
        rows = self.scope.rows(Call.objects.filter(customer=self.customer)).order_by("-id")
        return list(rows.only("retell_call_id", "status", "outcome", "started_at", "created_at")[:MOST_OF_EACH])

    @property
    def appointments_by_start(self) -> list[Appointment]:
        """The last to begin first."""
        return sorted(self._appointments, key=lambda row: (row.starts_at, row.pk), reverse=True)[:MOST_LISTED]

    @property
    def appointments_as_made(self) -> list[Appointment]:
        """The newest first."""
        return self._appointments[:MOST_OF_EACH]

    @property
    def messages(self) -> list[Notification]:
        """The newest first, those to staff among them."""
        return self._messages[:MOST_LISTED]

    @property
    def messages_to_them(self) -> list[Notification]:
        to_them = [row for row in self._messages if row.kind != Notification.Kind.STAFF]
        return to_them[:MOST_OF_EACH]

    @cached_property
    def _appointments(self) -> list[Appointment]:
        rows = self.scope.rows(Appointment.objects.filter(customer=self.customer))
        last = rows.order_by("-starts_at", "-pk").values("pk")[:MOST_LISTED]
        newest = rows.order_by("-pk").values("pk")[:MOST_OF_EACH]
        found = Appointment.objects.filter(Q(IsIn("pk", last)) | Q(IsIn("pk", newest)))
        return list(found.select_related("service", "staff").order_by("-pk"))

    @cached_property
    def _messages(self) -> list[Notification]:
        rows = self.scope.rows(Notification.objects.filter(customer=self.customer)).order_by("-pk")
        newest = rows.values("pk")[:MOST_LISTED]
        to_them = rows.exclude(kind=Notification.Kind.STAFF).values("pk")[:MOST_OF_EACH]
        found = Notification.objects.filter(Q(IsIn("pk", newest)) | Q(IsIn("pk", to_them)))
        return list(found.order_by("-pk"))


def history(theirs: Theirs) -> Table:
    """Calls, appointments and their changes, messages, follow-ups and merges, the newest first, bounded."""
    events = [event for kind in KINDS for event in kind(theirs)]
    newest = sorted(events, key=lambda event: event[0], reverse=True)
    rows = [[display.minute(at), what, which, state] for at, what, which, state in newest[:MOST]]
    note = _("The newest %(count)s.") % {"count": MOST} if len(newest) > MOST else ""
    return Table(_("History"), [_("When"), _("What"), _("Which"), _("State")], rows, _("Nothing yet."), note)


def _calls(theirs: Theirs) -> Iterator[Event]:
    for call in theirs.calls:
        yield call.said_at, _("Call"), display.link(call), display.state(call, "outcome")


def _appointments(theirs: Theirs) -> Iterator[Event]:
    for row in theirs.appointments_as_made:
        which = display.link(
            row, f"{display.local(row.starts_at, 'WEEKDAY_TIME_FORMAT')}, {row.service or display.NOTHING}"
        )
        yield row.created_at, _("Appointment"), which, display.state(row)


def _changes(theirs: Theirs) -> Iterator[Event]:
    seen = theirs.scope.rows(Appointment.objects.filter(customer=theirs.customer))
    rows = Change.objects.filter(appointment__in=seen.values("pk"))
    for change in rows.select_related("appointment").order_by("-id")[:MOST_OF_EACH]:
        what = f"{change.get_kind_display()}: {change.get_channel_display()}"
        which = display.link(change.appointment, display.weekday(change.before))
        yield change.created_at, what, which, display.state(change, "state")


def _messages(theirs: Theirs) -> Iterator[Event]:
    for message in theirs.messages_to_them:
        at = message.sent_at or message.created_at
        what = _("Message, %(channel)s") % {"channel": message.get_channel_display()}
        yield at, what, display.link(message, message.get_kind_display()), display.state(message)


def _follow_ups(theirs: Theirs) -> Iterator[Event]:
    rows = theirs.scope.rows(theirs.customer.follow_ups.select_related("company").order_by("-id"))
    for row in rows.defer("company__calcom_api_key")[:MOST_OF_EACH]:
        yield row.created_at, _("Follow-up"), display.link(row, row.title(get_language() or "")), display.state(row)


def _merges(theirs: Theirs) -> Iterator[Event]:
    whose = Q(kept=theirs.customer) | Q(lost=theirs.customer)
    rows = theirs.scope.rows(CustomerMerge.objects.filter(whose).select_related("kept", "lost"))
    for row in rows.order_by("-id")[:MOST_OF_EACH]:
        state = display.pill("cancelled", "", _("undone")) if row.undone_at else display.pill("done", "", _("merged"))
        yield (
            row.created_at,
            _("Merge"),
            display.link(row, _("%(lost)s into %(kept)s") % {"lost": row.lost, "kept": row.kept}),
            state,
        )


KINDS: Final = (_calls, _appointments, _changes, _messages, _follow_ups, _merges)
