"""Calls: the list, and the page that tells a call's story."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display, payload
from askpro.console.customers import customers_meant
from askpro.console.day_range import DayRangeFilter
from askpro.console.export import columns
from askpro.console.filters import CompanyFilter, period
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.scope import may_see
from askpro.console.story import Story
from askpro.console.term import Term
from askpro.console.transcript import turns_of
from calls.admin import placing
from calls.models import Call, PhoneNumber, ending_in_words
from calls.placing import with_elsewhere


@admin.register(Call)
class CallAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("caller", "when", "company", "result", "progress", "length", "look")
    list_filter = (
        ("outcome", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        CompanyFilter,
        "needs_review",
        period("created_at", gettext_lazy("period")),
        ("created_at", DayRangeFilter),
    )
    list_select_related = ("company", "customer")
    page_related = ("company", "branch__company", "phone_number", "customer")
    list_defer = ("transcript", "summary", "variables", "analysis", "problems")
    search_help_text = gettext_lazy("Call id, phone number, name or e-mail")
    empty_text = gettext_lazy(
        "Calls appear here when Retell reports them. To see one now, run: python3 manage.py demo_call"
    )
    detail_template = "console/call.html"
    acts = (placing.act(),)
    exported_by = "started_at"
    exported_related = ("branch",)
    exported = columns(
        *("id", "retell_call_id", "started_at", "ended_at", "status", "outcome", "direction", "from_number"),
        *("to_number", "disconnection_reason", "needs_review", "cost_usd"),
        seconds=lambda call: None if call.duration_ms is None else round(call.duration_ms / 1000),
        customer=lambda call: call.customer.name if call.customer else "",
        company=lambda call: call.company.name,
        branch=lambda call: call.branch.name,
    )

    def named(self, call: Call) -> str:
        when = display.local(call.said_at, "SHORT_DATETIME_FORMAT")
        who = call.customer or call.from_number or _("Anonymous caller")
        return f"{who}, {when}, {call.retell_call_id}"

    def find(self, rows: QuerySet[Call], term: Term) -> QuerySet[Call]:
        meant = Q(retell_call_id__startswith=term.text) | Q(customer_id__in=customers_meant(term))
        if term.number is not None:
            meant |= Q(pk=term.number)
        if term.is_number:
            meant |= term.numbers("from_number")
        if term.phones:
            meant |= Q(direction="outbound") & term.numbers("to_number") | Q(phone_number__in=_dialled_numbers(term))
        if term.uuid:
            meant |= Q(correlation_id=term.uuid)
        return rows.filter(meant)

    @admin.display(description=gettext_lazy("Caller"))
    def caller(self, call: Call) -> SafeString | str:
        return caller_of(call)

    @admin.display(description=gettext_lazy("When"))
    def when(self, call: Call) -> SafeString | str:
        return display.minute(call.said_at)

    @admin.display(description=gettext_lazy("Outcome"))
    def result(self, call: Call) -> SafeString:
        return display.state(call, "outcome")

    @admin.display(description=gettext_lazy("State"))
    def progress(self, call: Call) -> SafeString:
        return display.state(call)

    @admin.display(description=gettext_lazy("Length"))
    def length(self, call: Call) -> str:
        return length_of(call)

    @admin.display(description=gettext_lazy("Needs a look"))
    def look(self, call: Call) -> SafeString | str:
        if not call.needs_review:
            return ""
        return display.shorten(call.review_told(get_language() or ""), 40) or display.pill(
            "open", _("Needs a look"), _("look")
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        match = request.resolver_match
        return with_elsewhere(rows) if match is not None and "object_id" in match.kwargs else rows

    def detail(self, request: HttpRequest, call: Call) -> dict[str, Any]:
        story = Story(call, request.user)
        raw = next((event for event in story.events if event.provider == "retell"), None)
        return {
            "call": call,
            "caller": caller_of(call),
            "story": story,
            "turns": turns_of(call.transcript),
            "notes": _notes(call, story),
            "facts": _facts(call, request.user),
            "folded": [
                (_("Collected by the agent"), payload.pretty(call.variables) if call.variables else ""),
                (_("Retell's analysis"), payload.pretty(call.analysis) if call.analysis else ""),
                (_("Fields that could not be read"), payload.pretty(call.problems) if call.problems else ""),
                (_("Raw data, as last sent"), payload.readable(bytes(raw.body)) if raw else ""),
            ],
        }


def _dialled_numbers(term: Term) -> list[int]:
    """The numbers of companies that are meant: every call belongs to one. Where there is none, no call is looked at."""
    return list(PhoneNumber.objects.filter(term.numbers("number")).order_by().values_list("pk", flat=True))


def caller_of(call: Call) -> SafeString | str:
    """Who called: the name, else the number."""
    if call.customer is not None and call.customer.name:
        return call.customer.name
    return display.phone(call.from_number) if call.from_number else _("Anonymous caller")


def length_of(call: Call) -> str:
    return display.duration(timedelta(milliseconds=call.duration_ms)) if call.duration_ms else display.NOTHING


def _facts(call: Call, user: Any) -> list[tuple[str, Any]]:
    return [
        (_("Company"), display.link(call.company)),
        (_("Branch"), display.link(call.branch, call.branch.name)),
        (_("Customer"), display.link(call.customer)),
        (_("From"), display.phone(call.from_number)),
        (pgettext("recipient", "To"), _dialled(call, user)),
        (_("Started"), display.moment(call.started_at)),
        (_("Ended"), display.moment(call.ended_at)),
        (_("Length"), length_of(call)),
        (_("Direction"), _direction(call)),
        (_("How it ended"), ending_in_words(call.disconnection_reason)),
        (_("Request read"), display.moment(call.extracted_at)),
        (_("Cost"), display.price(call.cost_usd, "USD", 4) if call.cost_usd is not None else ""),
        (_("Retell call id"), call.retell_call_id),
        (_("Agent"), call.agent_id),
        (_("Correlation id"), call.correlation_id),
    ]


def _direction(call: Call) -> str:
    """Retell's word for who called whom, in the reader's; another word as it came."""
    return {"inbound": _("incoming"), "outbound": _("outgoing")}.get(call.direction, call.direction)


def _dialled(call: Call, user: Any) -> SafeString | str:
    """The number that was dialled; where it is entered, it leads to what it means."""
    shown = display.phone(call.to_number)
    return display.link(call.phone_number, shown) if call.phone_number and may_see(user, PhoneNumber) else shown


def _notes(call: Call, story: Story) -> list[tuple[str, str]]:
    """What needs a person, one sentence for each."""
    notes = []
    if call.needs_review:
        why = call.review_told(get_language() or "") or _("no reason given.")
        notes.append(("warning", _("Needs a look: %(why)s") % {"why": why}))
    waiting = sum(row.status == "open" for row in story.follow_ups)
    if waiting:
        told = ngettext(
            "%(count)s open follow-up: someone has to call back.",
            "%(count)s open follow-ups: someone has to call back.",
            waiting,
        )
        notes.append(("warning", told % {"count": waiting}))
    dead = [job.actor_name for job in story.jobs if job.status == "dead"]
    if dead:
        told = _("Gave up: %(jobs)s. Open the job in the story to see why and to retry it.")
        notes.append(("danger", told % {"jobs": ", ".join(sorted(set(dead)))}))
    failed = sum(row.status == "failed" for row in story.messages)
    if failed:
        told = ngettext(
            "%(count)s message to the customer failed.", "%(count)s messages to the customer failed.", failed
        )
        notes.append(("danger", told % {"count": failed}))
    return notes
