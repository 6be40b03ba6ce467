"""Who read what."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display
from askpro.console.filters import CompanyFilter, period
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.term import Term
from askpro.privacy.models import Read
from askpro.privacy.reads import hashed_term


@admin.register(Read)
class ReadAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("who", "kind_name", "what", "company", "page", "first", "last", "count")
    list_filter = (("kind", ChoicesDropdownFilter), CompanyFilter, period("hour", gettext_lazy("period")))
    list_select_related = ("company",)
    page_related = ("company",)
    search_help_text = gettext_lazy("A user, a row's id, or a number or name that was searched for")
    empty_text = gettext_lazy("Everyone who opens a customer, a call or a message in the console appears here.")

    def find(self, rows: QuerySet[Read], term: Term) -> QuerySet[Read]:
        searched = Q(kind=Read.Kind.SEARCH, object_id=hashed_term(term.one_spelling))
        named = Q(who__icontains=term.text)
        if term.number is not None:
            named |= Q(object_id=str(term.number))
        return rows.filter(searched | named)

    @admin.display(description=gettext_lazy("What"), ordering="kind")
    def kind_name(self, read: Read) -> str:
        return read.get_kind_display()

    @admin.display(description=gettext_lazy("Which"))
    def what(self, read: Read) -> SafeString | str:
        return which(read)

    @admin.display(description=gettext_lazy("First"))
    def first(self, read: Read) -> SafeString | str:
        return display.minute(read.first_at)

    @admin.display(description=gettext_lazy("Last"))
    def last(self, read: Read) -> SafeString | str:
        return display.minute(read.last_at)

    def detail(self, request: HttpRequest, read: Read) -> dict[str, Any]:
        return {
            "facts": [
                (_("Who"), read.who),
                (_("What"), read.get_kind_display()),
                (_("Which"), which(read)),
                (_("Company"), display.link(read.company)),
                (_("Page"), read.page),
                (_("First in this hour"), display.moment(read.first_at)),
                (_("Last in this hour"), display.moment(read.last_at)),
                (_("How often"), read.count),
            ],
        }


def which(read: Read) -> SafeString | str:
    """The row that was read, as a link; of a file its table, of a search the beginning of the hash."""
    if read.kind == Read.Kind.REVEAL or "." in read.object_id:
        return read.object_id
    if (model := model_of(read)) is None:
        return f"{read.object_id[:12]}…"
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    return display.page_link(name, read.object_id, _("No. %(id)s") % {"id": read.object_id})


def model_of(read: Read) -> type[Model] | None:
    try:
        return apps.get_model(read.kind)
    except ValueError:
        return None
