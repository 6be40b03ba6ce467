"""Freed times: to whom each was offered, and why to nobody else."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from appointments.admin.naming import reader
from appointments.admin.offers import offer_table
from appointments.models import FreedTime, Offer
from askpro.console import display
from askpro.console.day_range import DayRangeFilter
from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.subjects import jobs_about
from askpro.console.table import Table, job_table
from askpro.console.term import Term


@admin.register(FreedTime)
class FreedTimeAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("starts", "what", "person", "progress", "asked", "why", "company")
    list_filter = (("state", ChoicesDropdownFilter), CompanyFilter, ("starts_at", DayRangeFilter))
    list_select_related = ("company", "branch__company", "service", "staff")
    page_related = ("company", "branch__company", "service", "staff", "appointment__company")
    ordering = ("-id",)
    search_help_text = gettext_lazy("Service, staff member or id")
    empty_title = gettext_lazy("No time has become free")
    empty_text = gettext_lazy(
        "Switch this on at the company, under “Freed times”. When an appointment is cancelled or moved, its time is "
        "then offered to waiting customers."
    )

    def named(self, freed: FreedTime) -> str:
        return str(freed)

    def find(self, rows: QuerySet[FreedTime], term: Term) -> QuerySet[FreedTime]:
        named = Q(service__name__icontains=term.text) | Q(staff__name__icontains=term.text)
        return rows.filter(named if term.number is None else named | Q(pk=term.number))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.annotate(offered=Count("offers", filter=~Q(offers__state=Offer.State.SKIPPED)))

    @admin.display(description=gettext_lazy("Time"))
    def starts(self, freed: FreedTime) -> SafeString | str:
        return display.weekday(freed.starts_at)

    @admin.display(description=gettext_lazy("Service"))
    def what(self, freed: FreedTime) -> str:
        return freed.service.name

    @admin.display(description=gettext_lazy("Staff"))
    def person(self, freed: FreedTime) -> str:
        return freed.staff.name if freed.staff is not None else display.NOTHING

    @admin.display(description=gettext_lazy("State"))
    def progress(self, freed: FreedTime) -> SafeString:
        return display.state(freed, "state")

    @admin.display(description=gettext_lazy("Offered to"))
    def asked(self, freed: Any) -> int:
        return int(freed.offered)

    @admin.display(description=gettext_lazy("Why it ended"))
    def why(self, freed: FreedTime) -> SafeString | str:
        return display.shorten(freed.ending_told(reader()), 48)

    def detail(self, request: HttpRequest, freed: FreedTime) -> dict[str, Any]:
        return {
            "state": display.state(freed, "state"),
            "lead": freed.ending_told(reader()),
            "facts": _facts(freed),
            "tables": [_offers(freed), job_table(request.user, jobs_about([freed]))],
        }


def _facts(freed: FreedTime) -> list[tuple[str, Any]]:
    is_live = freed.state in FreedTime.LIVE
    return [
        (_("Begins"), display.weekday(freed.starts_at)),
        (_("Ends"), display.weekday(freed.ends_at)),
        (_("Service"), display.link(freed.service)),
        (_("Staff"), display.link(freed.staff)),
        (_("Branch"), display.link(freed.branch)),
        (_("Freed by"), display.link(freed.appointment)),
        (_("Company"), display.link(freed.company)),
        (_("Next step"), display.weekday(freed.due_at) if is_live else display.NOTHING),
        (_("Freed"), display.moment(freed.created_at)),
        (_("Ended"), display.moment(freed.ended_at)),
    ]


def _offers(freed: FreedTime) -> Table:
    rows = freed.offers.filter(company_id=freed.company_id)
    return offer_table(rows, _("Offers, in order"), _("Nobody has been asked yet."), of_one_time=True)
