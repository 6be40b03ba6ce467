"""The record of what people did: who, what, why, before and after, from where. Nobody changes it, nobody deletes it."""

from collections.abc import Iterable
from typing import Any, Final

from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from askpro.console import audit, display
from askpro.console.day_range import DayRangeFilter
from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.models import Access, Deed
from askpro.console.scope import Scope
from askpro.console.table import Table
from askpro.console.term import Term

MOST_PEOPLE: Final = 500


class WhoFilter(DropdownFilter):
    """By log-in: of those whose deeds the person may read."""

    title = gettext_lazy("person")
    parameter_name = "user"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        people = User.objects.filter(is_staff=True)
        scope = Scope.of(request.user)
        if not scope.is_whole:
            people = people.filter(access__companies__in=scope.companies or (), access__is_operator=False)
        names = people.order_by("username").distinct().values_list("pk", "username")
        return [(str(pk), name) for pk, name in names[:MOST_PEOPLE]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Deed]) -> QuerySet[Deed]:
        chosen = self.value() or ""
        return queryset.filter(user_id=int(chosen)) if chosen.isascii() and chosen.isdigit() else queryset


class ActFilter(DropdownFilter):
    """By what was done: every act that a page offers, and those that are about no row."""

    title = gettext_lazy("act")
    parameter_name = "act"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        pages = admin.site._registry.values()
        found: dict[str, str | Promise] = {act.name: act.label for page in pages for act in getattr(page, "acts", ())}
        known = {**found, **audit.WORDS}
        return sorted(((name, str(label)) for name, label in known.items()), key=lambda each: each[1].casefold())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Deed]) -> QuerySet[Deed]:
        return queryset.filter(act=self.value()) if self.value() else queryset


class TableFilter(DropdownFilter):
    """By what it was done to."""

    title = gettext_lazy("table")
    parameter_name = "table"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        models = [model._meta for model in admin.site._registry]
        return sorted(((meta.label_lower, str(meta.verbose_name_plural)) for meta in models), key=lambda each: each[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Deed]) -> QuerySet[Deed]:
        app_label, _dot, model = (self.value() or "").partition(".")
        if not model:
            return queryset
        return queryset.filter(content_type=ContentType.objects.filter(app_label=app_label, model=model).first())


@admin.register(Deed)
class DeedAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("when", "who", "what", "which", "why", "changed", "company", "address")
    list_filter = (WhoFilter, ActFilter, TableFilter, CompanyFilter, ("at", DayRangeFilter))
    list_select_related = ("company", "content_type")
    page_related = ("company", "content_type")
    ordering = ("-id",)
    search_help_text = gettext_lazy("Log-in, id of a row, or correlation id")
    empty_text = gettext_lazy("What people do in the console appears here, with why and from where.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deed]:
        """Of a company's people: what they did themselves. What operators note may be about many companies."""
        rows = super().get_queryset(request)
        scope = Scope.of(request.user)
        if scope.is_whole:
            return rows
        theirs = Access.objects.filter(is_operator=False, companies__in=scope.companies or ())
        return rows.filter(user__in=theirs.values("user"), user__is_superuser=False)

    def find(self, rows: QuerySet[Deed], term: Term) -> QuerySet[Deed]:
        meant = Q(who__iexact=term.text) | Q(object_id=term.text.lower())
        return rows.filter(meant | Q(correlation_id=term.uuid) if term.uuid else meant)

    def named(self, obj: Deed) -> str:
        return f"{obj.who}: {audit.told(obj)}"

    @admin.display(description=gettext_lazy("When"))
    def when(self, deed: Deed) -> SafeString | str:
        return display.moment(deed.at)

    @admin.display(description=gettext_lazy("What"))
    def what(self, deed: Deed) -> str:
        return audit.told(deed)

    @admin.display(description=gettext_lazy("Which"))
    def which(self, deed: Deed) -> SafeString | str:
        return _row(deed)

    @admin.display(description=gettext_lazy("Why"))
    def why(self, deed: Deed) -> SafeString | str:
        return display.shorten(deed.reason, 60)

    @admin.display(description=gettext_lazy("Before → after"))
    def changed(self, deed: Deed) -> SafeString | str:
        told = [f"{name}: {_value(deed.before.get(name))} → {_value(value)}" for name, value in deed.after.items()]
        return display.shorten("; ".join(told), 60)

    def detail(self, request: HttpRequest, deed: Deed) -> dict[str, Any]:
        names = sorted({*deed.before, *deed.after})
        rows = [[name, _value(deed.before.get(name)), _value(deed.after.get(name))] for name in names]
        return {
            "headline": self.named(deed),
            "facts": [
                (_("When"), display.dated(deed.at)),
                (_("Who"), deed.who),
                (_("What"), audit.told(deed)),
                (_("Why"), deed.reason),
                (_("Which"), _row(deed)),
                (_("Rows"), deed.count),
                (_("Company"), display.link(deed.company)),
                (_("From where"), deed.address),
                (_("Correlation id"), deed.correlation_id),
            ],
            "tables": [Table(_("What changed"), [_("Field"), _("Before"), _("After")], rows, _("Nothing is known."))],
        }


def _row(deed: Deed) -> SafeString | str:
    """What it was done to, with its page, whether or not the row is still there."""
    if deed.content_type is None or not deed.object_id:
        return deed.name or display.NOTHING
    meta = deed.content_type
    model = meta.model_class()
    words = f"{model._meta.verbose_name if model else meta.model}: {deed.name}"
    try:
        page = reverse(f"admin:{meta.app_label}_{meta.model}_change", args=[deed.object_id])
    except NoReverseMatch:
        return words
    return format_html('<a class="ap-link" href="{}">{}</a>', page, words)


def _value(value: Any) -> str:
    if value is None or value == "":
        return display.NOTHING
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
