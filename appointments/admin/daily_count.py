"""The daily counts."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.models import DailyCount
from askpro.console import display
from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.term import Term


@admin.register(DailyCount)
class DailyCountAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("date", "company", "calls", "requests", "bookings", "follow_ups")
    list_filter = (CompanyFilter,)
    list_select_related = ("company",)
    page_related = ("company",)
    date_hierarchy = "day"
    sortable_by = ("date",)
    search_help_text = gettext_lazy("Company")
    empty_text = gettext_lazy(
        "Each call counts for its day once it has been processed. To count one now, run: python3 manage.py demo_call"
    )

    def find(self, rows: QuerySet[DailyCount], term: Term) -> QuerySet[DailyCount]:
        return rows.filter(company__name__icontains=term.text)

    @admin.display(description=gettext_lazy("Day"), ordering="day")
    def date(self, count: DailyCount) -> str:
        return display.day(count.day)

    def detail(self, request: HttpRequest, count: DailyCount) -> dict[str, Any]:
        return {
            "headline": f"{count.company}, {display.day(count.day)}",
            "facts": [
                (_("Company"), display.link(count.company)),
                (_("Calls"), str(count.calls)),
                (_("Booking requests"), str(count.requests)),
                (_("Bookings"), str(count.bookings)),
                (_("Follow-ups"), str(count.follow_ups)),
            ],
        }
