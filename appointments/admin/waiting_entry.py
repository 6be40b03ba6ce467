"""The waiting list, which staff keep."""

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from appointments.admin.offers import offer_table
from appointments.models import WaitingEntry
from askpro.console import display
from askpro.console.acts import Act
from askpro.console.customers import customers_meant
from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ConsoleModelAdmin
from askpro.console.term import Term

State = WaitingEntry.State
DAYS: Final = tuple(
    enumerate(
        (
            gettext_lazy("Monday"),
            gettext_lazy("Tuesday"),
            gettext_lazy("Wednesday"),
            gettext_lazy("Thursday"),
            gettext_lazy("Friday"),
            gettext_lazy("Saturday"),
            gettext_lazy("Sunday"),
        ),
        start=1,
    )
)


class WaitingEntryForm(forms.ModelForm):
    """Checks that customer, service, staff and branch belong together."""

    weekdays = forms.TypedMultipleChoiceField(
        choices=DAYS,
        coerce=int,
        required=False,
        empty_value=[],
        label=capfirst(gettext_lazy("weekdays")),
        help_text=gettext_lazy("None chosen: any day."),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    earliest = forms.TimeField(
        required=False,
        label=gettext_lazy("Begins at the earliest"),
        widget=UnfoldAdminTextInputWidget({"type": "time"}),
    )
    latest = forms.TimeField(
        required=False, label=gettext_lazy("Begins at the latest"), widget=UnfoldAdminTextInputWidget({"type": "time"})
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        company = cleaned.get("company") or getattr(self.instance, "company", None)
        for name in ("customer", "service", "staff", "branch"):
            row = cleaned.get(name)
            if row is not None and company is not None and row.company_id != company.pk:
                self.add_error(name, _("This belongs to another company."))
        return cleaned


@admin.register(WaitingEntry)
class WaitingEntryAdmin(ConsoleModelAdmin):
    company_path = "company"
    form = WaitingEntryForm
    list_display = ("who", "what", "person", "days", "asked", "progress", "company")
    list_filter = (("state", ChoicesDropdownFilter), CompanyFilter)
    list_select_related = ("company", "customer", "service", "staff")
    page_related = ("company", "customer", "service", "staff", "branch__company", "created_by", "follow_up__company")
    autocomplete_fields = ("company", "customer", "service", "staff", "branch")
    ordering = ("asked_at", "id")
    search_help_text = gettext_lazy("Name, phone number or service")
    empty_title = gettext_lazy("Nobody waits")
    empty_text = gettext_lazy(
        "Add a customer who wants to be told when a time becomes free, or put one on the list from a follow-up."
    )
    readonly_fields = ("progress", "asked", "created_by", "origin")
    fieldsets = (
        (None, {"fields": (("company", "customer"), ("service", "staff"), "branch")}),
        (gettext_lazy("When"), {"fields": (("first_day", "last_day"), "weekdays", ("earliest", "latest"))}),
        (gettext_lazy("Notes"), {"fields": ("note", ("progress", "asked"), ("created_by", "origin"))}),
    )
    change_form_outer_after_template = "console/tables.html"
    acts = (
        Act(
            name="end",
            label=gettext_lazy("Take off the list"),
            icon="event_busy",
            explain=gettext_lazy(
                "The customer will not be offered freed times any more. An offer that waits for an answer ends too."
            ),
            done=gettext_lazy("taken off the list"),
            possible=lambda entry: entry.state == State.WAITING,
            run=lambda entry, user, note: entry.end(State.ENDED),
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: WaitingEntry | None = None) -> bool:
        """What is over is history."""
        is_over = obj is not None and obj.state != State.WAITING
        return not is_over and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: WaitingEntry | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: WaitingEntry | None = None) -> tuple[str, ...]:
        """An entry never moves to another company."""
        return (*self.readonly_fields, "company") if obj else self.readonly_fields

    def find(self, rows: QuerySet[WaitingEntry], term: Term) -> QuerySet[WaitingEntry]:
        meant = Q(customer_id__in=customers_meant(term)) | Q(service__name__icontains=term.text)
        return rows.filter(meant if term.number is None else meant | Q(pk=term.number))

    def save_model(self, request: HttpRequest, obj: WaitingEntry, form: forms.ModelForm, change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment] # the console is for users
        super().save_model(request, obj, form, change)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        entry = self.get_object(request, object_id)
        tables = {}
        if entry is not None:
            offers = entry.offers.filter(company_id=entry.company_id)
            tables = {"tables": [offer_table(offers, _("Offers"), _("No freed time has been offered yet."))]}
        return super().change_view(request, object_id, form_url, {**tables, **(extra_context or {})})

    @admin.display(description=gettext_lazy("Customer"))
    def who(self, entry: WaitingEntry) -> SafeString | str:
        return display.person(entry.customer)

    @admin.display(description=gettext_lazy("Service"))
    def what(self, entry: WaitingEntry) -> str:
        return entry.service.name

    @admin.display(description=gettext_lazy("Staff"))
    def person(self, entry: WaitingEntry) -> str:
        return entry.staff.name if entry.staff is not None else _("any")

    @admin.display(description=gettext_lazy("Days"))
    def days(self, entry: WaitingEntry) -> str:
        return f"{display.day(entry.first_day)} – {display.day(entry.last_day)}"

    @admin.display(description=gettext_lazy("Asked"))
    def asked(self, entry: WaitingEntry) -> SafeString | str:
        return display.minute(entry.asked_at)

    @admin.display(description=gettext_lazy("State"))
    def progress(self, entry: WaitingEntry) -> SafeString | str:
        if entry.pk is None:
            return display.NOTHING
        return display.state(entry, "state")

    @admin.display(description=gettext_lazy("Entered from"))
    def origin(self, entry: WaitingEntry) -> SafeString | str:
        return display.link(entry.follow_up)
