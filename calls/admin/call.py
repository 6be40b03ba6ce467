"""Calls: the list, and the page that tells a call's story."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display, payload
from askpro.console.customers import customers_meant
from askpro.console.day_range import DayRangeFilter
from askpro.console.filters import CompanyFilter, period
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.story import Story
from askpro.console.term import Term
from askpro.console.transcript import turns_of
from calls.models import Call


@admin.register(Call)
class CallAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("caller", "when", "company", "result", "progress", "length", "look")
    list_filter = (
        ("outcome", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        CompanyFilter,
        "needs_review",
        period("created_at", "period"),
        ("created_at", DayRangeFilter),
    )
    list_select_related = ("company", "customer")
    page_related = ("company", "branch__company", "phone_number", "customer")
    list_defer = ("transcript", "summary", "variables", "analysis", "problems")
    search_help_text = "Call id, phone number, name or e-mail"
    empty_text = "Calls appear here when Retell reports them. To see one now, run: python3 manage.py demo_call"
    detail_template = "console/call.html"

    def named(self, call: Call) -> str:
        when = display.local(call.said_at, "j M Y, H:i")
        return f"{call.customer or call.from_number or 'Anonymous caller'}, {when}, {call.retell_call_id}"

    def find(self, rows: QuerySet[Call], term: Term) -> QuerySet[Call]:
        meant = Q(retell_call_id__startswith=term.text) | Q(customer_id__in=customers_meant(term))
        if term.number is not None:
            meant |= Q(pk=term.number)
        if term.is_number:
            meant |= term.numbers("from_number", *(["to_number"] if term.phones else []))
        if term.uuid:
            meant |= Q(correlation_id=term.uuid)
        return rows.filter(meant)

    @admin.display(description="Caller")
    def caller(self, call: Call) -> SafeString | str:
        return caller_of(call)

    @admin.display(description="When")
    def when(self, call: Call) -> SafeString | str:
        return display.minute(call.said_at)

    @admin.display(description="Outcome")
    def result(self, call: Call) -> SafeString:
        return display.state(call, "outcome")

    @admin.display(description="Status")
    def progress(self, call: Call) -> SafeString:
        return display.state(call)

    @admin.display(description="Length")
    def length(self, call: Call) -> str:
        return length_of(call)

    @admin.display(description="Needs a look")
    def look(self, call: Call) -> SafeString | str:
        if not call.needs_review:
            return ""
        return display.shorten(call.review_told(), 40) or display.pill("open", "Needs a look", "look")

    def detail(self, request: HttpRequest, call: Call) -> dict[str, Any]:
        story = Story(call, request.user)
        raw = next((event for event in reversed(story.events) if event.provider == "retell"), None)
        return {
            "call": call,
            "caller": caller_of(call),
            "story": story,
            "turns": turns_of(call.transcript),
            "notes": _notes(call, story),
            "facts": _facts(call),
            "folded": [
                ("Collected by the agent", payload.pretty(call.variables) if call.variables else ""),
                ("Retell's analysis", payload.pretty(call.analysis) if call.analysis else ""),
                ("Fields that made no sense", payload.pretty(call.problems) if call.problems else ""),
                ("Raw payload, as sent last", payload.readable(bytes(raw.body)) if raw else ""),
            ],
        }


def caller_of(call: Call) -> SafeString | str:
    """Who called: the name, else the number."""
    if call.customer is not None and call.customer.name:
        return call.customer.name
    return display.phone(call.from_number) if call.from_number else "Anonymous caller"


def length_of(call: Call) -> str:
    return display.duration(timedelta(milliseconds=call.duration_ms)) if call.duration_ms else display.NOTHING


def _facts(call: Call) -> list[tuple[str, Any]]:
    return [
        ("Company", display.link(call.company)),
        ("Branch", display.link(call.branch, call.branch.name)),
        ("Customer", display.link(call.customer)),
        ("From", display.phone(call.from_number)),
        ("To", display.phone(call.to_number)),
        ("Started", display.moment(call.started_at)),
        ("Ended", display.moment(call.ended_at)),
        ("Length", length_of(call)),
        ("Direction", call.direction),
        ("Ended by", call.disconnection_reason.replace("_", " ")),
        ("Request read", display.moment(call.extracted_at)),
        ("Cost", f"${call.cost_usd}" if call.cost_usd is not None else ""),
        ("Retell call id", call.retell_call_id),
        ("Agent", call.agent_id),
        ("Correlation id", call.correlation_id),
    ]


def _notes(call: Call, story: Story) -> list[tuple[str, str]]:
    """What needs a person, one sentence for each."""
    notes = []
    if call.needs_review:
        notes.append(("warning", f"Needs a look: {call.review_told() or 'no reason given.'}"))
    waiting = sum(row.status == "open" for row in story.follow_ups)
    if waiting:
        notes.append(("warning", f"{waiting} open follow-up{'s' if waiting > 1 else ''}: somebody has to call back."))
    dead = [job.actor_name for job in story.jobs if job.status == "dead"]
    if dead:
        notes.append(
            (
                "danger",
                f"Gave up: {', '.join(sorted(set(dead)))}. Open the job in the story to see why and to retry it.",
            )
        )
    failed = sum(row.status == "failed" for row in story.messages)
    if failed:
        notes.append(("danger", f"{failed} message{'s' if failed > 1 else ''} to the customer failed."))
    return notes
