"""Follow-ups: the list of work for people."""

from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from appointments.admin import naming, working
from appointments.admin.follow_up_filters import BranchFilter, StateFilter, WhoseFilter, counts
from appointments.admin.naming import reader
from appointments.admin.offers import offer_table
from appointments.booking import pressed
from appointments.models import FollowUp
from askpro.console import audit, display
from askpro.console.customers import customers_meant, of_calls_meant
from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.scope import Scope
from askpro.console.subjects import jobs_about
from askpro.console.table import Table, job_table
from askpro.console.term import Term

OPEN: Final = FollowUp.Status.OPEN
MOST_ROWS: Final = 20


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("why", "due", "who", "said", "whose", "company", "progress")
    list_filter = (StateFilter, WhoseFilter, ("reason", ChoicesDropdownFilter), CompanyFilter, BranchFilter)
    list_select_related = ("company", "customer", "call", "assignee")
    list_sorts = True
    list_before_template = "console/follow_up_counts.html"
    page_related = (
        "company",
        "branch__company",
        "customer",
        "call",
        "booking_request__call",
        "appointment",
        "booking",
        "assignee",
        "assigned_by",
        "resolved_by",
    )
    list_defer = (
        "call__transcript",
        "call__analysis",
        "call__variables",
        "call__problems",
        "call__summary",
    )
    ordering = (FollowUp.DEADLINE, "id")
    sortable_by = ("due",)
    search_help_text = _("Name, phone number or call id")
    empty_title = _("Nothing waits for a person")
    empty_text = _("Requests that a machine must not decide appear here.")
    detail_template = "console/follow_up.html"
    acts = working.acts()

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=f"appointments_followup_{name}")
            for name, view in (("book", self.book_view), ("times", self.times_view))
        ]
        return [*own, *super().get_urls()]

    def offered(self, request: HttpRequest, obj: Any) -> list[dict[str, str]]:
        """The acts, and a call where a number is known."""
        buttons: list[dict[str, str]] = super().offered(request, obj)
        return [*naming.call_button(obj.number), *buttons] if self.may_act(request) else buttons

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        shown = counts(Scope.of(request.user).rows(FollowUp.objects.all()), request.user)
        return super().changelist_view(request, {"counts": shown, **(extra_context or {})})

    def book_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Book the time that was pressed, and return to the page with what became of it."""
        if not self.may_act(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        follow_up = self.get_object(request, unquote(object_id))
        if follow_up is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        done = working.press(request, follow_up, request.POST.get("time", ""))
        words = f"Pressed a free time: {done.effect.replace('_', ' ')}."
        audit.note(request, follow_up, "press", words=words)
        return HttpResponseRedirect(reverse("admin:appointments_followup_change", args=[follow_up.pk]))

    def times_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The times that are free now, each with a button that books it."""
        if not self.may_act(request):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        follow_up = self.get_object(request, unquote(object_id))
        if follow_up is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        request.page_name = self.named(follow_up)  # type: ignore[attr-defined] # read by the header's template
        known = {
            "opts": self.opts,
            "original": follow_up,
            "title": gettext("Free times"),
            "named": self.named(follow_up),
            "book": reverse("admin:appointments_followup_book", args=[follow_up.pk]),
        }
        context = {**self.admin_site.each_context(request), **known, **working.free_times_of(request, follow_up)}
        return TemplateResponse(request, "console/free_times.html", context)

    def named(self, follow_up: FollowUp) -> str:
        who = follow_up.customer or gettext("unknown caller")
        return f"{follow_up.title(reader())}: {who}, {follow_up.company.name}"

    def find(self, rows: QuerySet[FollowUp], term: Term) -> QuerySet[FollowUp]:
        meant = Q(customer_id__in=customers_meant(term)) | of_calls_meant("call_id", term)
        return rows.filter(meant if term.number is None else meant | Q(pk=term.number))

    @admin.display(description=_("Reason"))
    def why(self, follow_up: FollowUp) -> str:
        return follow_up.title(reader())

    @admin.display(description=_("Who"))
    def who(self, follow_up: FollowUp) -> SafeString | str:
        if follow_up.customer is not None:
            return display.person(follow_up.customer)
        return display.phone(follow_up.call.from_number) if follow_up.call else display.NOTHING

    @admin.display(description=_("Said"))
    def said(self, follow_up: FollowUp) -> SafeString | str:
        return display.shorten(follow_up.words.replace("\n", " "), 36)

    @admin.display(description=_("Whose"), ordering="assignee")
    def whose(self, follow_up: FollowUp) -> str:
        return _name(follow_up.assignee)

    @admin.display(description=_("Call back by"), ordering=FollowUp.DEADLINE)
    def due(self, follow_up: FollowUp) -> SafeString | str:
        return _due(follow_up)

    @admin.display(description=_("Status"))
    def progress(self, follow_up: FollowUp) -> SafeString:
        return display.state(follow_up)

    def detail(self, request: HttpRequest, follow_up: FollowUp) -> dict[str, Any]:
        return {
            "headline": f"{follow_up.title(reader())}: {self.who(follow_up)}",
            "who": self.who(follow_up),
            "follow_up": follow_up,
            "state": display.state(follow_up),
            "lead": follow_up.told(reader()),
            "title_told": follow_up.title(reader()),
            "alternatives": _alternatives(follow_up),
            "may_book": self.may_act(request),
            "looks_up": follow_up.status == OPEN and pressed.wanted(follow_up) is not None,
            "facts": _facts(follow_up),
            "tables": [
                *_freed_times(follow_up, request.user),
                _attempts(follow_up),
                _escalations(follow_up),
                _jobs(follow_up, request.user),
            ],
        }


def _freed_times(follow_up: FollowUp, user: Any) -> list[Table]:
    """What was offered to its customer meanwhile, and where they wait; nothing where neither is."""
    offers = follow_up.offers.filter(company_id=follow_up.company_id)
    entries = Scope.of(user).rows(follow_up.waiting_entries.all())
    waits = [
        [display.link(row), display.state(row, "state"), display.day(row.first_day), display.day(row.last_day)]
        for row in entries.select_related("customer", "service").order_by("id")
    ]
    heads = [gettext("Entry"), gettext("State"), gettext("From"), gettext("Until")]
    return [
        *([offer_table(offers, gettext("Freed times that were offered"), "")] if offers.exists() else []),
        *([Table(gettext("On the waiting list"), heads, waits)] if waits else []),
    ]


def _jobs(follow_up: FollowUp, user: Any) -> Table:
    about = [row for row in (follow_up.call, follow_up.booking_request, follow_up.booking) if row is not None]
    return job_table(user, jobs_about(about) if about else [])


def _attempts(follow_up: FollowUp) -> Table:
    rows = [
        [display.moment(each.created_at), _name(each.user), display.weekday(each.again_at), each.note]
        for each in follow_up.attempts.select_related("user")[:MOST_ROWS]
    ]
    heads = [gettext("When"), gettext("Who"), gettext("Again at"), gettext("What happened")]
    return Table(gettext("Attempts"), heads, rows, gettext("Nobody was called in vain."))


def _escalations(follow_up: FollowUp) -> Table:
    rows = [
        [
            each.get_step_display(),
            display.weekday(each.due_at),
            each.told or gettext("nobody"),
            display.moment(each.created_at),
        ]
        for each in follow_up.escalations.all()[:MOST_ROWS]
    ]
    heads = [gettext("Deadline"), gettext("When"), gettext("Told"), gettext("Noted")]
    passed, none = gettext("Deadlines that passed"), gettext("None has passed.")
    return Table(passed, heads, rows, none, _next_step(follow_up))


def _next_step(follow_up: FollowUp) -> str:
    if follow_up.next_step_at is None or follow_up.status != OPEN:
        return ""
    return gettext("Next: %(when)s") % {"when": display.local(follow_up.next_step_at, "WEEKDAY_TIME_FORMAT")}


def _due(follow_up: FollowUp) -> SafeString | str:
    due = display.weekday(follow_up.deadline)
    late = follow_up.status == OPEN and follow_up.deadline < timezone.now()
    return format_html('<span class="ap-bad">{}</span>', due) if late else due


def _alternatives(follow_up: FollowUp) -> list[dict[str, Any]]:
    """The free times as they were stored, and which of them can be pressed."""
    offered = pressed.offered(follow_up, timezone.now())
    times = pressed.times_of(follow_up)
    return [
        {"value": time.isoformat(), "when": working.when(follow_up, time), "offered": time in offered} for time in times
    ]


def _name(user: Any) -> str:
    return (user.get_full_name() or user.get_username()) if user is not None else display.NOTHING


def _facts(follow_up: FollowUp) -> list[tuple[str, Any]]:
    is_again = follow_up.again_at is not None
    return [
        (gettext("Try again") if is_again else gettext("Call back by"), _due(follow_up)),
        *([(gettext("Promised by"), display.weekday(follow_up.due_at))] if is_again else []),
        (gettext("Whose"), _assigned(follow_up)),
        (gettext("Phone"), display.phone(follow_up.number)),
        (gettext("Customer"), display.link(follow_up.customer)),
        (gettext("Call"), display.link(follow_up.call)),
        (gettext("Request"), display.link(follow_up.booking_request)),
        (gettext("Appointment"), display.link(follow_up.appointment)),
        *([(gettext("Booked by"), display.link(follow_up.booking))] if follow_up.booking else []),
        (gettext("Company"), display.link(follow_up.company)),
        (gettext("Branch"), display.link(follow_up.branch)),
        (gettext("Opened"), display.moment(follow_up.created_at)),
        (gettext("Resolved"), display.moment(follow_up.resolved_at)),
        (gettext("Resolved by"), _name(follow_up.resolved_by)),
        (gettext("Outcome"), follow_up.outcome_told(reader())),
        (gettext("Note"), follow_up.note_told(reader())),
    ]


def _assigned(follow_up: FollowUp) -> str:
    whose = _name(follow_up.assignee)
    if follow_up.assignee is None or follow_up.assigned_at is None:
        return whose
    facts = {"whose": whose, "by": _name(follow_up.assigned_by)}
    facts["when"] = display.local(follow_up.assigned_at, "SHORT_DATETIME_FORMAT")
    if follow_up.assigned_by == follow_up.assignee:
        return gettext("%(whose)s, since %(when)s") % facts
    return gettext("%(whose)s, given by %(by)s on %(when)s") % facts
