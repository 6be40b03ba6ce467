"""Follow-ups: the list of work for people."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from appointments.admin.offers import offer_table
from appointments.freed import waiting_list
from appointments.models import FollowUp
from askpro.console import display
from askpro.console.acts import Act
from askpro.console.customers import customers_meant
from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.scope import Scope
from askpro.console.subjects import jobs_about
from askpro.console.table import Table, job_table
from askpro.console.term import Term


class StateFilter(DropdownFilter):
    """Shows open follow-ups by default, since the list is work to do."""

    title = "status"
    parameter_name = "state"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        done = [(value, str(label)) for value, label in FollowUp.Status.choices if value != FollowUp.Status.OPEN]
        return [("", "Waits for a person"), ("overdue", "Overdue"), *done, ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or "open"
        if chosen == "all":
            return queryset
        if chosen == "overdue":
            return queryset.filter(status=FollowUp.Status.OPEN, due_at__lt=timezone.now())
        return queryset.filter(status=chosen)


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("why", "due", "who", "said", "company", "progress")
    list_filter = (StateFilter, ("reason", ChoicesDropdownFilter), CompanyFilter)
    list_select_related = ("company", "customer", "call")
    page_related = (
        "company",
        "branch__company",
        "customer",
        "call",
        "booking_request__call",
        "appointment",
        "resolved_by",
    )
    list_defer = (
        "call__transcript",
        "call__analysis",
        "call__variables",
        "call__problems",
        "call__summary",
    )
    ordering = ("due_at", "id")
    sortable_by = ("due",)
    search_help_text = "Name, phone number or call id"
    empty_title = "Nothing waits for a person"
    empty_text = "Requests that a machine must not decide appear here."
    detail_template = "console/follow_up.html"
    acts = (
        Act(
            name="resolve",
            label="Resolve",
            icon="task_alt",
            explain="You have dealt with it: called back, booked by hand, or found that nothing is to be done."
            " A request that is still open is closed with it, so that no job books it any more.",
            done="resolved",
            note="What was done?",
            note_required=True,
            possible=lambda follow_up: follow_up.status == FollowUp.Status.OPEN,
            run=lambda follow_up, user, note: follow_up.resolve(user, note),
        ),
        Act(
            name="wait",
            label="Put on the waiting list",
            icon="hourglass_top",
            explain="Freed times are offered to the customer: of this service, from the wished day on for two weeks."
            " The follow-up stays open; it is settled when one is booked. Days and times can be changed on the list.",
            done="put on the waiting list",
            note="What should colleagues know?",
            possible=waiting_list.may_enter,
            run=waiting_list.enter,
        ),
    )

    def named(self, follow_up: FollowUp) -> str:
        return f"{follow_up.title()}: {follow_up.customer or 'unknown caller'}, {follow_up.company.name}"

    def find(self, rows: QuerySet[FollowUp], term: Term) -> QuerySet[FollowUp]:
        meant = Q(customer_id__in=customers_meant(term)) | Q(call__retell_call_id=term.text)
        if term.phones:
            meant |= term.numbers("call__from_number")
        return rows.filter(meant if term.number is None else meant | Q(pk=term.number))

    @admin.display(description="Reason")
    def why(self, follow_up: FollowUp) -> str:
        return follow_up.title()

    @admin.display(description="Who")
    def who(self, follow_up: FollowUp) -> SafeString | str:
        if follow_up.customer is not None:
            return display.person(follow_up.customer)
        return display.phone(follow_up.call.from_number) if follow_up.call else display.NOTHING

    @admin.display(description="Said")
    def said(self, follow_up: FollowUp) -> SafeString | str:
        return display.shorten(follow_up.words.replace("\n", " "), 36)

    @admin.display(description="Call back by", ordering="due_at")
    def due(self, follow_up: FollowUp) -> SafeString | str:
        return _due(follow_up)

    @admin.display(description="Status")
    def progress(self, follow_up: FollowUp) -> SafeString:
        return display.state(follow_up)

    def detail(self, request: HttpRequest, follow_up: FollowUp) -> dict[str, Any]:
        return {
            "headline": f"{follow_up.title()}: {self.who(follow_up)}",
            "who": self.who(follow_up),
            "follow_up": follow_up,
            "state": display.state(follow_up),
            "lead": follow_up.told(),
            "alternatives": [_alternative(value) for value in follow_up.alternatives],
            "facts": _facts(follow_up),
            "tables": [*_freed_times(follow_up, request.user), _jobs(follow_up, request.user)],
        }


def _freed_times(follow_up: FollowUp, user: Any) -> list[Table]:
    """What was offered to its customer meanwhile, and where they wait; nothing where neither is."""
    offers = follow_up.offers.filter(company_id=follow_up.company_id)
    entries = Scope.of(user).rows(follow_up.waiting_entries.all())
    waits = [
        [display.link(row), display.state(row, "state"), display.day(row.first_day), display.day(row.last_day)]
        for row in entries.select_related("customer", "service").order_by("id")
    ]
    return [
        *([offer_table(offers, "Freed times that were offered", "")] if offers.exists() else []),
        *([Table("On the waiting list", ["Entry", "State", "From", "Until"], waits)] if waits else []),
    ]


def _jobs(follow_up: FollowUp, user: Any) -> Table:
    about = [row for row in (follow_up.call, follow_up.booking_request) if row is not None]
    return job_table(user, jobs_about(about) if about else [])


def _due(follow_up: FollowUp) -> SafeString | str:
    due = display.weekday(follow_up.due_at)
    late = follow_up.status == FollowUp.Status.OPEN and follow_up.due_at < timezone.now()
    return format_html('<span class="ap-bad">{}</span>', due) if late else due


def _alternative(value: Any) -> SafeString | str:
    """A free time as stored: an ISO time, alone or in an object."""
    start = value.get("start") or value.get("starts_at") if isinstance(value, dict) else value
    try:
        return display.weekday(datetime.fromisoformat(str(start).replace("Z", "+00:00")))
    except ValueError:
        return str(value)


def _facts(follow_up: FollowUp) -> list[tuple[str, Any]]:
    number = (follow_up.customer and follow_up.customer.sms_number) or (
        follow_up.call.from_number if follow_up.call else ""
    )
    return [
        ("Call back by", _due(follow_up)),
        ("Phone", display.phone(number)),
        ("Customer", display.link(follow_up.customer)),
        ("Call", display.link(follow_up.call)),
        ("Request", display.link(follow_up.booking_request)),
        ("Appointment", display.link(follow_up.appointment)),
        ("Company", display.link(follow_up.company)),
        ("Branch", display.link(follow_up.branch)),
        ("Opened", display.moment(follow_up.created_at)),
        ("Resolved", display.moment(follow_up.resolved_at)),
        ("Resolved by", str(follow_up.resolved_by or "")),
        ("Note", follow_up.note_told()),
    ]
