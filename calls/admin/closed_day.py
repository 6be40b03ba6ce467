"""Closed days of a company or of one of its branches."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ConsoleModelAdmin
from askpro.console.term import Term
from calls.admin.forms import SetUpForm
from calls.models import ClosedDay


@admin.register(ClosedDay)
class ClosedDayAdmin(ConsoleModelAdmin):
    company_path = "company"
    form = SetUpForm
    list_display = ("reason", "company", "place", "first_day", "last_day")
    list_filter = (CompanyFilter,)
    list_select_related = ("company", "branch")
    autocomplete_fields = ("company", "branch")
    search_help_text = _("Reason")
    empty_text = _("Add days on which nothing may be booked. Public holidays follow from the branch's federal state.")
    fields = (("company", "branch"), ("first_day", "last_day"), "reason")

    def find(self, rows: QuerySet[ClosedDay], term: Term) -> QuerySet[ClosedDay]:
        return rows.filter(Q(reason__icontains=term.text) | Q(company__name__icontains=term.text))

    @admin.display(description=_("Branch"))
    def place(self, day: ClosedDay) -> str:
        return day.branch.name if day.branch else gettext("all")
