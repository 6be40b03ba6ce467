"""Lists as files: what a list's filter shows, within some days, as CSV or JSON, row by row.

A file is written while it is sent: rows come from a cursor of PostgreSQL's, some hundreds at a time, so that a file of
any length takes little memory. Personal data stands in it as on the page: masked, unless the person may see it.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import StringIO
from itertools import islice
from typing import Any, Final

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from askpro.console import audit, masking
from askpro.console.day_range import DayField
from askpro.console.permissions import May
from askpro.console.scope import Scope
from askpro.privacy import reads
from calls.models import Company

AT_ONCE: Final = 500
MOST_DAYS: Final = 400
# How an address names the days.
DAYS: Final = ("first", "last")
# What a spreadsheet takes for the begin of a formula, in its wide forms as well.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Excel takes a file without it for one in the encoding of its own country.
BOM: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a file. Its name is the same in every language: other programs read it."""

    name: str
    read: Callable[[Any], Any]


def columns(*names: str, **reads: Callable[[Any], Any]) -> tuple[Column, ...]:
    """Fields of the row by name, then those that are read in another way."""
    return (*(Column(name, _getter(name)) for name in names), *(Column(name, read) for name, read in reads.items()))


def _day_input() -> forms.DateInput:
    return forms.DateInput({"type": "date", "class": "ap-input"}, format="%Y-%m-%d")


class ExportForm(forms.Form):
    """From which day to which, both included."""

    first = DayField(label=gettext_lazy("From"), widget=_day_input())
    last = DayField(label=gettext_lazy("To"), widget=_day_input())
    form = forms.ChoiceField(choices=[("csv", "CSV"), ("json", "JSON")], widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        first, last = said.get("first"), said.get("last")
        if first and last and first > last:
            self.add_error("last", _("The last day lies before the first."))
        elif first and last and last - first >= timedelta(days=MOST_DAYS):
            self.add_error("last", _("At most %(count)s days at once.") % {"count": MOST_DAYS})
        return said


class ExportMixin:
    """Adds the page to lists that name their `exported` columns."""

    exported: tuple[Column, ...] = ()
    # What the columns read of other rows, besides what the list fetches.
    exported_related: tuple[str, ...] = ()
    # The moment of a row by which days are chosen.
    exported_by = "created_at"
    opts: Any
    admin_site: Any

    def has_export_permission(self, request: HttpRequest) -> bool:
        may = bool(self.exported) and request.user.has_perm(May.EXPORT)
        return may and bool(self.has_view_permission(request))  # type: ignore[attr-defined]

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()  # type: ignore[misc]
        if not self.exported:
            return urls
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name=f"{self.opts.app_label}_{self.opts.model_name}_export"), *urls]

    def export_address(self, request: HttpRequest) -> str:
        """Where this list is exported as it is filtered now; empty for whoever may not."""
        if not self.has_export_permission(request):
            return ""
        query = request.GET.urlencode()
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export") + (f"?{query}" if query else "")

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Ask for the days on GET, send the file on POST."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        asked = {name: request.GET[name] for name in DAYS if name in request.GET}
        form = ExportForm(request.POST if request.method == "POST" else None, initial={**_week_before(), **asked})
        if request.method == "POST" and form.is_valid():
            return self._file(request, **form.cleaned_data)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Export: %(what)s") % {"what": self.opts.verbose_name_plural},
            "form": form,
            "ranges": [(name, _address(request, first, last)) for name, first, last in _ranges()],
            "filters": [(name, value) for name, value in request.GET.items() if name not in DAYS],
            "names": [column.name for column in self.exported],
            "is_masked": masking.is_masked(),
            "reveal": reverse("admin:reveal") if masking.is_masked() and masking.may_reveal(request.user) else "",
        }
        return TemplateResponse(request, "console/export.html", context)

    def exported_rows(self, request: HttpRequest, start: datetime, end: datetime) -> models.QuerySet[Any]:
        """The rows of these days that the list's filter shows, as the person may see them."""
        listed = self._listed(request)
        rows = listed.filter(**{f"{self.exported_by}__gte": start, f"{self.exported_by}__lt": end})
        if getattr(self, "company_path", ""):
            # By company, because that is how the indexes are built.
            seen = Scope.of(request.user).rows(Company.objects.all())
            rows = rows.filter(**{f"{self.company_path}__in": list(seen.values_list("pk", flat=True))})  # type: ignore[attr-defined]
        return rows.order_by("-pk")

    def _listed(self, request: HttpRequest) -> models.QuerySet[Any]:
        """What the list with this address shows, on all its pages."""
        asked = request.GET
        request.GET = _without_page(asked)  # type: ignore[assignment] # a list reads it from there
        try:
            listed = self.get_changelist_instance(request).queryset  # type: ignore[attr-defined]
        finally:
            request.GET = asked
        rows: models.QuerySet[Any] = listed.select_related(*self.exported_related) if self.exported_related else listed
        return rows

    def _file(self, request: HttpRequest, first: date, last: date, form: str) -> StreamingHttpResponse:
        rows = self.exported_rows(request, _midnight(first), _midnight(last + timedelta(days=1)))
        masked = masking.is_masked()
        kept = {"first": first, "last": last, "form": form, "masked": masked, "filter": sorted(request.GET)}
        audit.note(request, None, "export", about=str(self.opts.label), after=kept)
        if not masked:
            reads.note_file(request, self.model)  # type: ignore[attr-defined]
        write = _csv if form == "csv" else _json
        kind = "text/csv" if form == "csv" else "application/json"
        name = f"{self.opts.model_name}-{first:%Y-%m-%d}-{last:%Y-%m-%d}.{form}"
        return StreamingHttpResponse(
            write(self.exported, _batches(rows, self.exported, masked=masked)),
            content_type=f"{kind}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )


def _batches(rows: models.QuerySet[Any], wanted: tuple[Column, ...], *, masked: bool) -> Iterator[list[list[Any]]]:
    """The cells of some rows at a time. The answer is sent when the page's own view of people is over already."""
    found = rows.iterator(chunk_size=AT_ONCE)
    while True:
        with masking.looking(masked):
            cells = [[_plain(column.read(row)) for column in wanted] for row in islice(found, AT_ONCE)]
        if not cells:
            return
        yield cells


def _csv(wanted: tuple[Column, ...], batches: Iterator[list[list[Any]]]) -> Iterator[str]:
    # With a semicolon, as German spreadsheets read it.
    yield BOM + _lines([[column.name for column in wanted]])
    for cells in batches:
        yield _lines([[_cell(value) for value in line] for line in cells])


def _json(wanted: tuple[Column, ...], batches: Iterator[list[list[Any]]]) -> Iterator[str]:
    names, before = [column.name for column in wanted], "[\n"
    for cells in batches:
        told = [json.dumps(dict(zip(names, line, strict=True)), ensure_ascii=False) for line in cells]
        yield before + ",\n".join(told)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _lines(cells: list[list[Any]]) -> str:
    file = StringIO()
    csv.writer(file, delimiter=";").writerows(cells)
    return file.getvalue()


def _plain(value: Any) -> Any:
    """As JSON holds it; moments in the console's zone, with its offset."""
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)


def _cell(value: Any) -> Any:
    """What a spreadsheet would take for a formula is a text again behind an apostrophe."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _getter(name: str) -> Callable[[Any], Any]:
    return lambda row: getattr(row, name)


def _without_page(asked: QueryDict) -> QueryDict:
    plain = asked.copy()
    for name in ("p", "o", *DAYS):
        plain.pop(name, None)
    return plain


def _address(request: HttpRequest, first: date, last: date) -> str:
    asked = request.GET.copy()
    asked["first"], asked["last"] = first.isoformat(), last.isoformat()
    return f"?{asked.urlencode()}"


def _ranges() -> list[tuple[str, date, date]]:
    today = timezone.localdate()
    monday, month = today - timedelta(days=today.weekday()), today.replace(day=1)
    week, before = _week_before(), month - timedelta(days=1)
    return [
        (_("Last week"), week["first"], week["last"]),
        (_("This week"), monday, today),
        (_("Last month"), before.replace(day=1), before),
        (_("This month"), month, today),
    ]


def _week_before() -> dict[str, date]:
    today = timezone.localdate()
    monday = today - timedelta(days=today.weekday() + 7)
    return {"first": monday, "last": monday + timedelta(days=6)}


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
