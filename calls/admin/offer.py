"""Services and staff."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ConsoleModelAdmin
from askpro.console.term import Term
from calls.admin.forms import ServiceForm, SetUpForm
from calls.models import Service, Staff


@admin.register(Service)
class ServiceAdmin(ConsoleModelAdmin):
    company_path = "company"
    form = ServiceForm
    list_display = ("name", "company", "minutes", "price", "bookable", "hindrance", "is_active")
    list_filter = (CompanyFilter, "is_active")
    list_select_related = ("company",)
    autocomplete_fields = ("company", "branch")
    search_help_text = gettext_lazy("Name or event type id")
    empty_text = gettext_lazy(
        "Services are read from Cal.com or added here. For those of the demo, run: python3 manage.py seed_demo"
    )
    readonly_fields = ("synced_at", "judgement", "asked_for")
    fieldsets = (
        (None, {"fields": (("company", "branch"), ("name", "is_active"), "synonyms")}),
        (
            gettext_lazy("Booking"),
            {"fields": (("duration_minutes", "minimum_notice_minutes"), "change_notice_minutes", "price")},
        ),
        (gettext_lazy("Reminders"), {"fields": (("reminder_minutes", "last_reminder_minutes"),)}),
        ("Cal.com", {"fields": (("calcom_event_type_id", "calcom_slug"), ("judgement", "synced_at"))}),
        (gettext_lazy("Fields that Cal.com asks for"), {"fields": ("asked_for", "field_answers")}),
    )

    def find(self, rows: QuerySet[Service], term: Term) -> QuerySet[Service]:
        named = Q(name__icontains=term.text) | Q(company__name__icontains=term.text)
        return rows.filter(named if term.number is None else named | Q(calcom_event_type_id=term.number))

    @admin.display(description=gettext_lazy("Minutes"), ordering="duration_minutes")
    def minutes(self, service: Service) -> int:
        return service.duration_minutes

    @admin.display(description=gettext_lazy("Bookable"), boolean=True)
    def bookable(self, service: Service) -> bool:
        return service.is_active and service.calcom_event_type_id is not None and not service.hindrances

    @admin.display(description=gettext_lazy("By phone"))
    def hindrance(self, service: Service) -> str:
        """`judgement` for a list: one reason, and how many more there are."""
        more = len(service.hindrances) - 1
        return f"{service.hindrances[0].label} (+{more})" if more > 0 else self.judgement(service)

    @admin.display(description=gettext_lazy("By phone"))
    def judgement(self, service: Service) -> str:
        """Why it cannot be booked by phone, or what to know about it."""
        if service.calcom_event_type_id is None:
            return _("No event type at Cal.com")
        if service.judged_at is None:
            return _("Not checked yet: happens before the first booking")
        if hindrances := service.hindrances:
            return "; ".join(str(obstacle.label) for obstacle in hindrances)
        return _("Yes, the host confirms each booking") if service.needs_confirmation else _("Yes")

    @admin.display(description=gettext_lazy("Required fields"))
    def asked_for(self, service: Service) -> str:
        asked = [_asked(field) for field in service.required_fields]
        return "\n".join(asked) or _("None")


@admin.register(Staff)
class StaffAdmin(ConsoleModelAdmin):
    company_path = "company"
    form = SetUpForm
    list_display = ("name", "company", "place", "email", "calcom_user_id", "is_active")
    list_filter = (CompanyFilter, "is_active")
    list_select_related = ("company", "branch")
    autocomplete_fields = ("company", "branch", "services")
    search_help_text = gettext_lazy("Name or e-mail")
    empty_text = gettext_lazy("Add the people who hold appointments, or run: python3 manage.py seed_demo")
    fieldsets = (
        (None, {"fields": (("company", "branch"), ("name", "email"), "is_active")}),
        ("Cal.com", {"fields": ("calcom_user_id", "services")}),
    )

    def find(self, rows: QuerySet[Staff], term: Term) -> QuerySet[Staff]:
        named = Q(name__icontains=term.text) | Q(company__name__icontains=term.text)
        return rows.filter(named | Q(email__iexact=term.text) if term.is_email else named)

    @admin.display(description=gettext_lazy("Branch"))
    def place(self, staff: Staff) -> str:
        return staff.branch.name


def _asked(field: dict[str, Any]) -> str:
    options = f": {', '.join(field['options'])}" if field["options"] else ""
    return f"{field['slug']} ({field['label'] or field['type']}{options})"
