"""How long companies keep what, and what each night's deletion did."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display
from askpro.console.filters import CompanyFilter, period
from askpro.console.model_admin import ConsoleModelAdmin, ReadOnlyModelAdmin
from askpro.console.table import Table
from askpro.console.term import Term
from askpro.privacy.classes import default_days
from askpro.privacy.models import RetentionRule, RetentionRun
from calls.admin.forms import SetUpForm

COLUMNS = ("deleted", "blanked", "held", "left")


@admin.register(RetentionRule)
class RetentionRuleAdmin(ConsoleModelAdmin):
    company_path = "company"
    form = SetUpForm
    list_display = ("company", "kind", "kept", "elsewhere")
    list_filter = (CompanyFilter, ("kind", ChoicesDropdownFilter))
    list_select_related = ("company",)
    autocomplete_fields = ("company",)
    search_help_text = "Company"
    empty_text = "Every company keeps data for this installation's days (RETENTION_DAYS). Add what one keeps otherwise."
    fields = ("company", "kind", "days")

    def find(self, rows: QuerySet[RetentionRule], term: Term) -> QuerySet[RetentionRule]:
        return rows.filter(company__name__icontains=term.text)

    @admin.display(description="Kept for")
    def kept(self, rule: RetentionRule) -> str:
        return told(rule.days)

    @admin.display(description="Without the rule")
    def elsewhere(self, rule: RetentionRule) -> str:
        try:
            return told(default_days().get(rule.kind))
        except (ValueError, ImproperlyConfigured):
            return "RETENTION_DAYS cannot be read"


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("what", "company", "began", "state", "deleted", "blanked", "held", "left")
    list_filter = (("kind", ChoicesDropdownFilter), period("began_at", "period"))
    list_select_related = ("company",)
    page_related = ("company",)
    search_help_text = "Id"
    empty_text = "Each night appears here with what it deleted. To see it now, run: python3 manage.py retention"

    def get_queryset(self, request: HttpRequest) -> QuerySet[RetentionRun]:
        rows = super().get_queryset(request)
        return rows.annotate(**{f"all_{name}": Sum(f"counts__{name}", default=0) for name in COLUMNS})

    @admin.display(description="What")
    def what(self, run: RetentionRun) -> str:
        return run.get_kind_display()

    @admin.display(description="Began")
    def began(self, run: RetentionRun) -> SafeString | str:
        return display.minute(run.began_at)

    @admin.display(description="State")
    def state(self, run: RetentionRun) -> str:
        return "Done" if run.ended_at else "Not finished"

    @admin.display(description="Deleted")
    def deleted(self, run: Any) -> str:
        return str(run.all_deleted)

    @admin.display(description="Blanked")
    def blanked(self, run: Any) -> str:
        return str(run.all_blanked)

    @admin.display(description="Held")
    def held(self, run: Any) -> str:
        return str(run.all_held)

    @admin.display(description="Left")
    def left(self, run: Any) -> str:
        return str(run.all_left)

    def detail(self, request: HttpRequest, run: RetentionRun) -> dict[str, Any]:
        counts = run.counts.select_related("company").order_by("company__name", "pk")
        rows = [
            [
                display.link(each.company) if each.company else "no company",
                *(str(getattr(each, name)) for name in COLUMNS),
            ]
            for each in counts
        ]
        headings = ["Company", "Deleted", "Blanked", "Kept by a hold", "Left: work is pending"]
        return {
            "facts": [
                ("What", run.get_kind_display()),
                ("Of", display.link(run.company) if run.company else "all companies"),
                ("By", run.by or "the schedule"),
                ("Began", display.moment(run.began_at)),
                ("Ended", display.moment(run.ended_at)),
                ("Took", display.duration(run.took) if run.took else display.NOTHING),
                ("Kept for", ages(run.kind)),
            ],
            "tables": [Table("By company", headings, rows, numbers=(1, 2, 3, 4))] if rows else [],
            "lead": "" if rows else "Nothing was over its time.",
        }


def told(days: int | None) -> str:
    """How long something is kept."""
    return f"{days} days" if days else "For ever"


def ages(kind: str) -> str:
    """What is too old by today's settings."""
    try:
        return f"{told(default_days().get(kind))}, unless a company has its own rule"
    except ValueError:
        return "RETENTION_DAYS cannot be read"
