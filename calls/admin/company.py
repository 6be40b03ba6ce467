"""Companies with their branches and phone numbers."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from askpro import gates
from askpro.console import display
from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ConsoleModelAdmin, ReadOnlyInline
from askpro.console.scope import Scope
from askpro.console.term import Term
from askpro.encryption import Unreadable
from calls.admin.branch_line import BranchInline, BranchLineForm, may_enter
from calls.admin.connections import ConnectionsMixin
from calls.admin.forms import BranchForm, CompanyForm, NumberForm
from calls.models import Branch, Company, PhoneNumber

WRITTEN_ONLY: Final = ("new_calcom_api_key", "forget_calcom_api_key")
GATE: Final = (gettext_lazy("Gate"), {"fields": ("calcom_gate",)})


class PhoneNumberInline(ReadOnlyInline):
    model = PhoneNumber
    page_related = ("company", "branch__company")
    fields = ("number", "branch", "is_active")
    readonly_fields = fields


@admin.register(Company)
class CompanyAdmin(ConnectionsMixin, ConsoleModelAdmin):
    company_path = "pk"
    form = CompanyForm
    change_form_before_template = "console/company_tools.html"
    list_display = ("name", "slug", "is_active", "books_appointments", "sms_enabled", "own_key")
    list_filter = ("is_active", "books_appointments")
    search_help_text = gettext_lazy("Name")
    empty_text = gettext_lazy("Add the first company, or run: python3 manage.py seed_demo")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("calcom_gate",)
    inlines = (BranchInline, PhoneNumberInline)
    fieldsets = (
        (None, {"fields": (("name", "slug"), ("is_active", "books_appointments"), "change_notice_minutes")}),
        (gettext_lazy("Location"), {"fields": ("country", ("timezone", "language"))}),
        (
            "Cal.com",
            {
                "fields": (
                    ("new_calcom_api_key", "calcom_key_expires_on"),
                    "forget_calcom_api_key",
                    "calcom_handles_notifications",
                )
            },
        ),
        (
            gettext_lazy("Messages"),
            {
                "fields": (
                    "sms_enabled",
                    "sms_sender",
                    ("sms_price", "currency"),
                    ("notification_email", "escalation_email"),
                    ("quiet_from", "quiet_until"),
                    ("reminder_minutes", "last_reminder_minutes"),
                )
            },
        ),
        (
            gettext_lazy("Reports"),
            {"fields": ("report_emails", ("daily_report", "report_hour"), ("weekly_report", "call_summaries"))},
        ),
        (gettext_lazy("Freed times"), {"fields": ("offers_freed_times", ("offer_minutes", "offer_lead_minutes"))}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only users who see all companies may add one."""
        return Scope.of(request.user).is_whole and bool(super().has_add_permission(request))

    def find(self, rows: QuerySet[Company], term: Term) -> QuerySet[Company]:
        named = Q(name__icontains=term.text) | Q(slug=term.text)
        return rows.filter(named if term.number is None else named | Q(pk=term.number))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Load companies without their key, so that a key that cannot be decrypted breaks no page."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("calcom_api_key").annotate(has_key=~Q(calcom_api_key=""))

    def get_fieldsets(self, request: HttpRequest, obj: Company | None = None) -> Any:
        """Hide write-only fields from users who may only view."""
        shown = [*super().get_fieldsets(request, obj)]
        if obj is not None and Scope.of(request.user).is_whole:
            shown.append(GATE)
        if self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj):
            return shown
        return [(title, {**options, "fields": _readable(options["fields"])}) for title, options in shown]

    def get_inlines(self, request: HttpRequest, obj: Company | None) -> Any:
        """A company that is not there yet gets its first number with its first branch."""
        return self.inlines if obj is not None else (BranchInline,)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        for line in formset.forms:
            if isinstance(line, BranchLineForm) and line.instance.pk is not None and may_enter(request):
                line.save_number()

    def response_add(self, request: HttpRequest, obj: Company, post_url_continue: str | None = None) -> HttpResponse:
        """What comes next is to try what was entered."""
        answer: HttpResponse = super().response_add(request, obj, post_url_continue)
        connections = reverse("admin:connections", args=[obj.pk])
        return HttpResponseRedirect(connections) if "_save" in request.POST else answer

    def save_model(self, request: HttpRequest, obj: Company, form: forms.ModelForm, change: bool) -> None:
        key = form.cleaned_data.get("new_calcom_api_key")
        if key or form.cleaned_data.get("forget_calcom_api_key"):
            obj.calcom_api_key = key or ""
        super().save_model(request, obj, form, change)

    @admin.display(description=gettext_lazy("Requests to Cal.com go through"))
    def calcom_gate(self, company: Company) -> str:
        """The gate's name in events and mails, which name keys by their fingerprints."""
        try:
            key = company.calcom_api_key
        except Unreadable:
            return _("none: its key cannot be read with these DATA_KEYS")
        gate = gates.calcom(key or settings.CALCOM_API_KEY).name
        shared = _("%(gate)s, together with all companies that have no key of their own")
        return gate if key else shared % {"gate": gate}

    @admin.display(description=gettext_lazy("Own Cal.com key"), boolean=True)
    def own_key(self, company: Any) -> bool:
        return bool(company.has_key)


@admin.register(Branch)
class BranchAdmin(ConsoleModelAdmin):
    company_path = "company"
    form = BranchForm
    list_display = ("name", "company", "address", "number", "is_active")
    list_filter = (CompanyFilter, "is_active")
    list_select_related = ("company",)
    autocomplete_fields = ("company",)
    search_help_text = gettext_lazy("Name, street or city")
    empty_text = gettext_lazy("Add a company first, then its branches. Or run: python3 manage.py seed_demo")
    inlines = (PhoneNumberInline,)
    fieldsets = (
        (None, {"fields": (("company", "name"), ("phone", "is_active"))}),
        (gettext_lazy("Address"), {"fields": ("street", ("postal_code", "city"), "country")}),
        (gettext_lazy("Times"), {"fields": (("timezone", "state"), "opening_hours")}),
        (gettext_lazy("Messages"), {"fields": ("notification_email",)}),
    )

    def find(self, rows: QuerySet[Branch], term: Term) -> QuerySet[Branch]:
        named = Q(name__icontains=term.text) | Q(street__icontains=term.text) | Q(city__icontains=term.text)
        named |= Q(company__name__icontains=term.text)
        if term.phones:
            named |= term.numbers("phone", "phone_numbers__number")
        return rows.filter(named).distinct()

    @admin.display(description=gettext_lazy("Phone"))
    def number(self, branch: Branch) -> SafeString | str:
        return display.phone(branch.phone)


@admin.register(PhoneNumber)
class PhoneNumberAdmin(ConsoleModelAdmin):
    company_path = "company"
    form = NumberForm
    list_display = ("dialled", "company", "place", "retell_agent_id", "is_active")
    list_filter = (CompanyFilter, "is_active")
    list_select_related = ("company", "branch")
    autocomplete_fields = ("company", "branch", "more_branches")
    search_help_text = gettext_lazy("Phone number or Retell agent")
    empty_text = gettext_lazy("A call belongs to the company whose number was dialled. Add the number here, as +49…")
    fields = (
        ("company", "branch"),
        "more_branches",
        ("number", "retell_agent_id"),
        "booking_functions",
        ("is_active", "is_meant"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PhoneNumber]:
        rows: QuerySet[PhoneNumber] = super().get_queryset(request)
        return rows.prefetch_related("more_branches")

    def get_fields(self, request: HttpRequest, obj: PhoneNumber | None = None) -> Any:
        """A new number takes no calls away from anybody; who may only look changes nothing."""
        fields = super().get_fields(request, obj)
        if obj is not None and self.has_change_permission(request, obj):
            return fields
        return tuple("is_active" if field == ("is_active", "is_meant") else field for field in fields)

    def find(self, rows: QuerySet[PhoneNumber], term: Term) -> QuerySet[PhoneNumber]:
        meant = Q(retell_agent_id=term.text) | Q(company__name__icontains=term.text)
        return rows.filter(meant | term.numbers("number") if term.is_number else meant)

    @admin.display(description=gettext_lazy("Number"), ordering="number")
    def dialled(self, number: PhoneNumber) -> SafeString | str:
        return display.phone(number.number)

    @admin.display(description=gettext_lazy("Branch"))
    def place(self, number: PhoneNumber) -> str:
        return ", ".join(branch.name for branch in number.branches)


def _readable(fields: Sequence[Any]) -> tuple[Any, ...]:
    """Without those that are only written, also in the rows of the form."""
    rows = (_readable(field) if isinstance(field, tuple) else field for field in fields)
    return tuple(row for row in rows if row and row not in WRITTEN_ONLY)
