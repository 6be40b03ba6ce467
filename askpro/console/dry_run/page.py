"""The page of a row's dry run: it asks first, tries on POST, and shows what would follow. Nothing is kept of it."""

from typing import Any

from django.apps import apps
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from askpro.console import audit, display, masking
from askpro.console.dry_run.kinds import Kind
from askpro.console.dry_run.process import report_of
from askpro.console.dry_run.report import Report
from askpro.console.dry_run.told import told
from askpro.privacy import reads

TEMPLATE = "console/dry_run.html"


class DryRunMixin:
    """Adds a dry run to a ModelAdmin's rows: `dry_run` says of what."""

    dry_run: Kind
    opts: Any
    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.dry_run_view)
        return [path("<path:object_id>/dry-run/", view, name=self._dry_run_route), *super().get_urls()]  # type: ignore[misc]

    def offered(self, request: HttpRequest, obj: Any) -> list[dict[str, str]]:
        """After the other buttons of a row's page, while its state allows a dry run."""
        buttons: list[dict[str, str]] = super().offered(request, obj)  # type: ignore[misc]
        if self._may_dry_run(request) and self.dry_run.possible(obj):
            href = reverse(f"admin:{self._dry_run_route}", args=[obj.pk])
            buttons.append({"label": _("Dry run"), "icon": "science", "href": href})
        return buttons

    def dry_run_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask on GET, try on POST."""
        if not self._may_dry_run(request):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        name = self.named(masking.veiled(row))  # type: ignore[attr-defined]
        request.page_name = name  # type: ignore[attr-defined] # read by the header's template
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": _("Dry run"),
            "name": name,
            "explain": self.dry_run.explain,
            "is_possible": self.dry_run.possible(row),
            "back": display.address(row),
        }
        if request.method == "POST" and context["is_possible"]:
            context["told"] = self._tried(request, row)
        return TemplateResponse(request, TEMPLATE, context)

    def _tried(self, request: HttpRequest, row: Any) -> Any:
        report = report_of(self.dry_run.name, str(row.pk))
        audit.note(request, row, "dry_run", after={"ended": str(report.ended), "rows": report.written})
        _note_reads(request, report)
        return told(request.user, report)

    def _may_dry_run(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(self.dry_run.permission)  # type: ignore[attr-defined]

    @property
    def _dry_run_route(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_dry-run"


def _note_reads(request: HttpRequest, report: Report) -> None:
    """Note whose data the page shows, as the page of each of these rows would."""
    keys: dict[str, list[str]] = {}
    for change in report.changes if not masking.is_masked() else ():
        keys.setdefault(change.model, []).append(change.key)
    for label, some in keys.items():
        model = apps.get_model(label)
        for row in model._default_manager.filter(pk__in=some) if reads.holds_people(model) else ():
            reads.note_row(request, row)
