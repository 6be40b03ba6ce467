"""How long companies keep what, and what each night's deletion did."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display
from askpro.console.filters import CompanyFilter, period
from askpro.console.model_admin import ConsoleModelAdmin, ReadOnlyModelAdmin
from askpro.console.table import Table
from askpro.console.term import Term
from askpro.privacy.classes import default_days
from askpro.privacy.models import RetentionRule, RetentionRun
from askpro.privacy.models.retention import days_told
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
    search_help_text = gettext_lazy("Company")
    empty_text = gettext_lazy(
        "Every company keeps data for the number of days that this installation sets (RETENTION_DAYS). Add a rule "
        "where a company differs."
    )
    fields = ("company", "kind", "days")

    def find(self, rows: QuerySet[RetentionRule], term: Term) -> QuerySet[RetentionRule]:
        return rows.filter(company__name__icontains=term.text)

    @admin.display(description=gettext_lazy("Kept for"))
    def kept(self, rule: RetentionRule) -> str:
        return days_told(rule.days)

    @admin.display(description=gettext_lazy("Without the rule"))
    def elsewhere(self, rule: RetentionRule) -> str:
        try:
            return days_told(default_days().get(rule.kind))
        except (ValueError, ImproperlyConfigured):
            return _("RETENTION_DAYS cannot be read")


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("what", "company", "began", "state", "deleted", "blanked", "held", "left")
    list_filter = (("kind", ChoicesDropdownFilter), period("began_at", gettext_lazy("period")))
    list_select_related = ("company",)
    page_related = ("company",)
    search_help_text = gettext_lazy("Id")
    empty_text = gettext_lazy(
        "Each night appears here with what it deleted. To see it now, run: python3 manage.py retention"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[RetentionRun]:
        rows = super().get_queryset(request)
        return rows.annotate(**{f"all_{name}": Sum(f"counts__{name}", default=0) for name in COLUMNS})

    @admin.display(description=gettext_lazy("What"))
    def what(self, run: RetentionRun) -> str:
        return run.get_kind_display()

    @admin.display(description=gettext_lazy("Began"))
    def began(self, run: RetentionRun) -> SafeString | str:
        return display.minute(run.began_at)

    @admin.display(description=gettext_lazy("State"))
    def state(self, run: RetentionRun) -> str:
        return _("Done") if run.ended_at else _("Not finished")

    @admin.display(description=gettext_lazy("Deleted"))
    def deleted(self, run: Any) -> str:
        return str(run.all_deleted)

    @admin.display(description=gettext_lazy("Blanked"))
    def blanked(self, run: Any) -> str:
        return str(run.all_blanked)

    @admin.display(description=gettext_lazy("Held"))
    def held(self, run: Any) -> str:
        return str(run.all_held)

    @admin.display(description=gettext_lazy("Left"))
    def left(self, run: Any) -> str:
        return str(run.all_left)

    def detail(self, request: HttpRequest, run: RetentionRun) -> dict[str, Any]:
        counts = run.counts.select_related("company").order_by("company__name", "pk")
        rows = [
            [
                display.link(each.company) if each.company else _("no company"),
                *(str(getattr(each, name)) for name in COLUMNS),
            ]
            for each in counts
        ]
        headings = [_("Company"), _("Deleted"), _("Blanked"), _("Kept by a hold"), _("Left: work is pending")]
        return {
            "facts": [
                (_("What"), run.get_kind_display()),
                (_("Of"), display.link(run.company) if run.company else _("all companies")),
                (_("By"), run.by or _("the schedule")),
                (_("Began"), display.moment(run.began_at)),
                (_("Ended"), display.moment(run.ended_at)),
                (_("Took"), display.duration(run.took) if run.took else display.NOTHING),
                (_("Kept for"), ages(run.kind)),
            ],
            "tables": [Table(_("By company"), headings, rows, numbers=(1, 2, 3, 4))] if rows else [],
            "lead": "" if rows else _("Nothing was over its time."),
        }


def ages(kind: str) -> str:
    """What is too old by today's settings."""
    try:
        kept = days_told(default_days().get(kind))
        return _("%(kept)s, unless a company has its own rule") % {"kept": kept}
    except ValueError:
        return _("RETENTION_DAYS cannot be read")
