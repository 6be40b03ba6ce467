"""The thin base of every page: fast lists, search by what people have in hand, nothing writable by accident."""

from typing import Any

from django.contrib.admin import ShowFacets
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin, TabularInline

from askpro.console.acts import ActsMixin
from askpro.console.paginator import CappedPaginator
from askpro.console.term import Term
from calls.models import countries

MOST_DEEDS = 20


class ConsoleModelAdmin(ActsMixin, ModelAdmin):
    """A list and a form. Subclasses say how a search term finds rows (`find`) and what a list need not fetch."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_filter_submit = True
    list_fullwidth = True
    list_disable_select_all = True
    # Facets would count the whole table once per choice.
    show_facets = ShowFacets.NEVER
    list_defer: tuple[str, ...] = ()
    # What a row's page names, fetched with the row.
    page_related: tuple[str, ...] = ()
    # Shown when there are no rows at all: what would fill the list.
    empty_title = ""
    empty_text = ""
    search_fields = ("pk",)
    search_help_text = "Id"

    def find(self, rows: models.QuerySet[Any], term: Term) -> models.QuerySet[Any]:
        """The rows that a term means."""
        return rows.filter(pk=term.number)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        return (self.find(queryset, Term.of(search_term, countries())) if search_term.strip() else queryset), False

    def rows_for_search(self, typed: str) -> models.QuerySet[Any]:
        """The rows that the search over everything shows, without what is long."""
        return self.find(self._light(self.model._default_manager.order_by("-pk")), Term.of(typed, countries()))

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = super().get_queryset(request)
        match = request.resolver_match
        if match is not None and str(match.url_name).endswith("_changelist"):
            return self._light(rows)
        return rows.select_related(*self.page_related).defer(*_keys(self.page_related)) if self.page_related else rows

    def _light(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        related = tuple(self.list_select_related or ())
        rows = rows.select_related(*related) if related else rows
        return rows.defer(*self.list_defer, *_keys(related))


def _keys(related: tuple[str, ...]) -> list[str]:
    """The secrets of related companies: not needed to name them, and one that cannot be read must break no page."""
    return [f"{path}__calcom_api_key" for path in related if path.endswith("company")]


class ReadOnlyModelAdmin(ConsoleModelAdmin):
    """A list, and a page of its own per row. Machines write these rows; people only look, and use the acts."""

    detail_template = "console/detail.html"
    # In the order of their keys, unless an index or a small table allows another.
    sortable_by: tuple[str, ...] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def detail(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What the row's page shows: `facts` as (label, value) pairs, and whatever its template reads."""
        return {"facts": []}

    def deeds(self, obj: models.Model) -> list[LogEntry]:
        """What people did to the row here, newest first."""
        kind = ContentType.objects.get_for_model(self.model)
        entries = LogEntry.objects.filter(content_type=kind, object_id=str(obj.pk)).select_related("user")
        return list(entries.order_by("-action_time")[:MOST_DEEDS])

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        request.page_name = self.named(obj)  # type: ignore[attr-defined] # read by the header's template
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": obj,
            "title": self.named(obj),
            "offered": self.offered(request, obj),
            "deeds": self.deeds(obj),
            **self.detail(request, obj),
        }
        return TemplateResponse(request, self.detail_template, context)


class ReadOnlyInline(TabularInline):
    """Rows of another table on a form's page, to look at and to open."""

    extra = 0
    can_delete = False
    show_change_link = True
    page_related: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = super().get_queryset(request)
        return rows.select_related(*self.page_related).defer(*_keys(self.page_related)) if self.page_related else rows

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
