"""The thin base of every page: fast lists, search by what people have in hand, nothing writable by accident."""

from typing import Any

from django.contrib.admin import FieldListFilter, ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path, unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from askpro.console import audit, masking, waits
from askpro.console.acts import ActsMixin
from askpro.console.change_list import ConsoleChangeList
from askpro.console.choosing import ChoosingMixin
from askpro.console.export import ExportMixin
from askpro.console.filters import CompanyFilter
from askpro.console.json_field import StorableJSONField
from askpro.console.nonsense import Nonsense
from askpro.console.paginator import CappedPaginator
from askpro.console.protection import protecting
from askpro.console.scope import Scope
from askpro.console.term import Term
from askpro.console.whole_row import WholeRowMixin
from askpro.language.text import Text
from askpro.privacy import reads
from calls.models import countries

MOST_DEEDS = 20


class ConsoleModelAdmin(WholeRowMixin, ChoosingMixin, ExportMixin, ActsMixin, ModelAdmin):
    """A list and a form. Subclasses say how a search term finds rows (`find`) and what a list need not fetch."""

    # From a row to its company, such as "company" or "call__company". Empty: only operators see such rows.
    company_path = ""
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    # Nobody asks for all rows at once: that is a page without an end.
    list_max_show_all = list_per_page
    list_filter_submit = True
    list_fullwidth = True
    list_disable_select_all = True
    # Facets would count the whole table once per choice.
    show_facets = ShowFacets.NEVER
    formfield_overrides = {models.JSONField: {"form_class": StorableJSONField}}
    list_defer: tuple[str, ...] = ()
    # Whether rows are shown in an order that no index has.
    list_sorts = False
    # What a row's page names, fetched with the row.
    page_related: tuple[str, ...] = ()
    # Shown when there are no rows at all: what would fill the list.
    empty_title: Text = ""
    empty_text: Text = ""
    search_fields: tuple[str, ...] = ("pk",)
    search_help_text: Text = _("Id")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], list[Any]]:
        """Before Django follows each row to all that hangs on it: whether something forbids it anyhow."""
        if protected := protecting(objs):
            return [], {}, set(), protected
        return super().get_deleted_objects(objs, request)

    def find(self, rows: models.QuerySet[Any], term: Term) -> models.QuerySet[Any]:
        """The rows that a term means."""
        return rows.filter(pk=term.number)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        term = Term.of(search_term, countries(), Scope.of(request.user).companies)
        term = self._asked(request.user, term)
        if reads.holds_people(self.model):
            reads.note_search(request, term.one_spelling)
        return (self._found(queryset, term) if search_term.strip() else queryset), False

    def rows_for_search(self, user: Any, term: Term) -> models.QuerySet[Any]:
        """The rows that the search over everything shows to this person, without what is long."""
        return self._found(self.light_rows(user), self._asked(user, term))

    def light_rows(self, user: Any) -> models.QuerySet[Any]:
        """The rows that this person may see, the newest first, with what their names need."""
        return self._light(Scope.of(user).rows(self.model._default_manager.order_by("-pk")))

    def _asked(self, user: Any, term: Term) -> Term:
        """What was typed; of whoever never sees people, without what could tell who they are."""
        return term.impersonal() if masking.is_blind(user) and masking.holds_people(self.model) else term

    def _found(self, rows: models.QuerySet[Any], term: Term) -> models.QuerySet[Any]:
        return self.find(rows, term) if term.text else rows.none()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A form is not filled with masked values: who may change a person's row reveals it first."""
        is_hidden = masking.is_masked() and masking.holds_people(self.model)
        return not is_hidden and bool(super().has_change_permission(request, obj))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row that a page is about. Every page of one row asks here, so that here it is noted who reads it.

        A page that only shows it may ask again, and gets the same.
        """
        noted = getattr(request, "_row_noted", None)
        is_same = isinstance(noted, self.model) and from_field is None and str(noted.pk) == str(object_id)
        if is_same and request.method in ("GET", "HEAD"):
            return noted
        row = super().get_object(request, object_id, from_field)
        if row is not None and row != noted:
            reads.note_row(request, row)
            request._row_noted = row  # type: ignore[attr-defined] # asked for twice, read once
            request._row_before = audit.state(row)  # type: ignore[attr-defined] # as it is before a form changes it
        return row

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        entry = super().log_addition(request, obj, message)
        audit.note(request, obj, "added", after=audit.state(obj), entries=[entry])
        return entry

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        entry = super().log_change(request, obj, message)
        changed = audit.changes(getattr(request, "_row_before", {}), audit.state(obj))
        audit.note(request, obj, "changed", "", *changed, entries=[entry])
        return entry

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        rows = list(queryset)
        entries = list(super().log_deletions(request, rows))
        for row, entry in zip(rows, entries, strict=True):
            audit.note(request, row, "deleted", before=audit.state(row), entries=[entry])
        return entries

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Tell, after what was saved, what has waited for it."""
        masking.over()
        answer = super().response_add(request, obj, post_url_continue)
        waits.offer(request, obj)
        return answer

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        masking.over()
        answer = super().response_change(request, obj)
        waits.offer(request, obj)
        return answer

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = Scope.of(request.user).rows(super().get_queryset(request))
        match = request.resolver_match
        if match is not None and str(match.url_name).endswith(("_changelist", "_export")):
            return self._light(rows)
        return rows.select_related(*self.page_related).defer(*_keys(self.page_related)) if self.page_related else rows

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        shown = tuple(super().get_list_display(request))
        return tuple(name for name in shown if name != "company") if Scope.of(request.user).is_single else shown

    def get_list_filter(self, request: HttpRequest) -> tuple[Any, ...]:
        filters = tuple(super().get_list_filter(request))
        return tuple(each for each in filters if each != CompanyFilter) if Scope.of(request.user).is_single else filters

    def get_paginator(self, request: HttpRequest, queryset: Any, *args: Any, **options: Any) -> Any:
        """The page with a row's history pages the record, everything else pages rows."""
        if getattr(queryset, "model", None) is LogEntry:
            queryset = Scope.of(request.user).deeds(queryset)
        if not getattr(queryset, "ordered", True):
            # Rows that are counted lose the order of their model.
            queryset = queryset.order_by("pk")
        return super().get_paginator(request, queryset, *args, **options)

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ConsoleChangeList]:
        return ConsoleChangeList

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        try:
            return super().get_changelist_instance(request)
        except IncorrectLookupParameters as error:
            raise Nonsense(_("This list cannot be filtered like that.")) from error

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """What the list's own filters ask, nothing else: a free look-up could read what no page shows."""
        return lookup in self._asked_by_filters(request)

    def response_action(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        if request.POST.get("select_across", "0") not in ("", "0", "false"):
            # No list offers it: what acts on rows that nobody has looked at has a page of its own.
            raise Nonsense(_("Rows are selected one by one."))
        for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                self.opts.pk.clean(key, None)
            except ValidationError as error:
                raise Nonsense(_("No such row can be selected.")) from error
        return super().response_action(request, queryset)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A form is filled by people, not by whoever wrote the address."""
        return {}

    def _asked_by_filters(self, request: HttpRequest) -> set[str]:
        names = (
            {f"{self.date_hierarchy}__{part}" for part in ("year", "month", "day")} if self.date_hierarchy else set()
        )
        for each in self.get_list_filter(request):
            if isinstance(each, type):
                names.add(each.parameter_name)  # type: ignore[attr-defined] # a SimpleListFilter
                continue
            path, kind = each if isinstance(each, tuple) else (each, FieldListFilter.create)
            field = get_fields_from_path(self.model, path)[-1]
            names |= set(kind(field, request, {}, self.model, self, field_path=path).expected_parameters())
        return names

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

    def deeds(self, request: HttpRequest, obj: models.Model) -> list[LogEntry]:
        """What people did to the row here, newest first."""
        kind = ContentType.objects.get_for_model(self.model)
        entries = Scope.of(request.user).deeds(LogEntry.objects.filter(content_type=kind, object_id=str(obj.pk)))
        return list(entries.select_related("user").order_by("-action_time")[:MOST_DEEDS])

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
            # Read by those templates that tell it.
            "deeds": SimpleLazyObject(lambda: self.deeds(request, obj)),
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
        rows: models.QuerySet[Any] = Scope.of(request.user).rows(super().get_queryset(request))
        return rows.select_related(*self.page_related).defer(*_keys(self.page_related)) if self.page_related else rows

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
