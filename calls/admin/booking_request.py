"""Requests for appointments: from calls, and from the API, where there is no call page to show them."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from appointments.models import Appointment, FollowUp
from askpro.console import display
from askpro.console.customers import customers_meant, of_calls_meant
from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.scope import Scope
from askpro.console.subjects import jobs_about
from askpro.console.table import Table, job_table
from askpro.console.term import Term
from calls.models import BookingRequest


class SourceFilter(DropdownFilter):
    title = gettext_lazy("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("call", _("Phone call")), ("api", "API")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(call__isnull=self.value() == "api") if self.value() else queryset


@admin.register(BookingRequest)
class BookingRequestAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("asked", "progress", "person", "wished", "what", "company", "source")
    list_filter = (("status", ChoicesDropdownFilter), SourceFilter, CompanyFilter)
    list_select_related = ("company", "customer", "service", "call__customer")
    page_related = ("company", "branch__company", "customer", "service", "staff", "call__branch__company")
    list_defer = ("notes", "call__transcript", "call__analysis", "call__variables", "call__problems", "call__summary")
    search_help_text = gettext_lazy("Request id, name, phone number or call id")
    empty_text = gettext_lazy("What callers ask for appears here, and what other systems ask for through the API.")

    def named(self, row: BookingRequest) -> str:
        who = row.who or row.name or _("Unknown caller")
        return f"{who}: {row.service or row.service_words}"

    def get_ordering(self, request: HttpRequest) -> Any:
        """The newest first. Those that a search means are found by indexes, and are few: by the key itself, PostgreSQL
        might walk all requests instead.
        """
        return [(F("pk") + 0).desc()] if request.GET.get(SEARCH_VAR) else super().get_ordering(request)

    def find(self, rows: QuerySet[BookingRequest], term: Term) -> QuerySet[BookingRequest]:
        meant = Q(customer_id__in=customers_meant(term)) | of_calls_meant("call_id", term)
        return rows.filter(meant if term.number is None else meant | Q(pk=term.number))

    @admin.display(description=gettext_lazy("Asked"), ordering="created_at")
    def asked(self, row: BookingRequest) -> SafeString | str:
        return display.minute(row.created_at)

    @admin.display(description=gettext_lazy("State"))
    def progress(self, row: BookingRequest) -> SafeString:
        return display.state(row)

    @admin.display(description=gettext_lazy("Who"))
    def person(self, row: BookingRequest) -> SafeString | str:
        return display.person(row.who) if row.who else row.name or display.NOTHING

    @admin.display(description=gettext_lazy("Wished for"), ordering="starts_at")
    def wished(self, row: BookingRequest) -> SafeString | str:
        said = f"{row.date_words} {row.time_words}".strip()
        return display.weekday(row.starts_at) if row.starts_at else display.shorten(said, 30)

    @admin.display(description=gettext_lazy("Service"))
    def what(self, row: BookingRequest) -> SafeString | str:
        return display.shorten(row.service.name if row.service else row.service_words, 30)

    @admin.display(description=gettext_lazy("Source"))
    def source(self, row: BookingRequest) -> str:
        return "API" if row.call_id is None else _("Phone call")

    def detail(self, request: HttpRequest, row: BookingRequest) -> dict[str, Any]:
        scope = Scope.of(request.user)
        return {
            "headline": self.named(row),
            "state": display.state(row),
            "lead": row.get_status_display(),
            "facts": _facts(row),
            "tables": [
                _appointments(row, scope),
                _follow_ups(row, scope),
                job_table(request.user, jobs_about([row, *([row.call] if row.call else [])])),
            ],
        }


def _facts(row: BookingRequest) -> list[tuple[str, Any]]:
    return [
        (_("Customer"), display.link(row.who)),
        (_("Name"), row.name),
        (_("Phone"), display.phone(row.contact_phone)),
        (_("E-mail"), row.email),
        (_("Wished for"), display.weekday(row.starts_at)),
        (
            _("Caller's words"),
            ", ".join(filter(None, (row.date_words, row.time_words, row.service_words, row.staff_words))),
        ),
        (_("Unclear"), row.unclear_told(get_language() or "") or _("nothing")),
        (_("Service"), display.link(row.service)),
        (_("Staff"), display.link(row.staff)),
        ("SMS", _("agreed to") if row.sms_consent else _("not agreed to")),
        (_("Notes"), row.notes),
        (_("Call"), display.link(row.call)),
        (_("Company"), display.link(row.company)),
        (_("Branch"), display.link(row.where)),
        (_("Asked"), display.moment(row.created_at)),
    ]


def _appointments(row: BookingRequest, scope: Scope) -> Table:
    found = scope.rows(Appointment.objects.filter(booking_request=row))
    cells = [[display.link(each), display.state(each), display.weekday(each.starts_at)] for each in found]
    return Table(_("Appointment"), [_("Appointment"), _("State"), _("Begins")], cells, _("Nothing was booked."))


def _follow_ups(row: BookingRequest, scope: Scope) -> Table:
    found, language = scope.rows(FollowUp.objects.filter(booking_request=row)).order_by("pk"), get_language() or ""
    cells = [
        [
            display.link(each, each.title(language)),
            display.state(each),
            display.weekday(each.due_at),
            each.told(language),
        ]
        for each in found
    ]
    return Table(
        _("Follow-ups"), [_("Reason"), _("State"), _("Call back by"), _("Detail")], cells, _("No person was needed.")
    )
