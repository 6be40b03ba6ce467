"""The console's site: Unfold's, with our front page and our search."""

from functools import partial
from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from askpro.console import (
    chain,
    deliveries,
    failures,
    fleet_acts,
    fleet_board,
    language,
    profiling,
    queue_board,
    reports,
    reveal,
    runbook,
    search,
    top_board,
    where,
)
from askpro.console.entrance import idle
from askpro.console.entrance.forms import TOO_MANY, EntranceForm
from askpro.console.entrance.gate import entered
from askpro.console.entrance.views import second_factor_view
from askpro.console.logins import views as logins
from askpro.console.metrics import board as metrics_board
from askpro.console.nonsense import answered
from askpro.console.pages import Page
from askpro.console.repair import editing, fixing
from askpro.console.repair import views as repair
from askpro.console.script_words import ScriptWords
from askpro.console.today import board
from askpro.privacy import reads, wizard

PAGES = (
    Page(
        "fleet_board",
        "board/fleet/",
        _("Fleet"),
        "queues.view_supervisor",
        "console/fleet.html",
        fleet_board.board,
    ),
    Page(
        "chain",
        "board/chain/<uuid:chain_id>/",
        _("Chain"),
        "queues.view_job",
        "console/chain.html",
        chain.board,
    ),
    Page(
        "failures",
        "board/failures/",
        _("Failures"),
        "queues.view_job",
        "console/failures.html",
        failures.board,
    ),
    Page(
        "failure_group",
        "board/failures/group/",
        _("Failures"),
        "queues.view_job",
        "console/failure_group.html",
        failures.group_board,
    ),
    Page(
        "metrics",
        "board/metrics/",
        _("Metrics"),
        "queues.view_metricssnapshot",
        "console/metrics.html",
        metrics_board.board,
    ),
    Page("top", "board/top/", _("Top"), "queues.view_runcost", "console/top.html", top_board.board),
    Page(
        "queue_board",
        "board/queues/",
        _("Queues"),
        "queues.view_job",
        "console/queues.html",
        queue_board.board,
    ),
    Page(
        "deliveries",
        "board/deliveries/",
        _("Deliveries"),
        deliveries.PERMISSION,
        "console/deliveries.html",
        deliveries.board,
    ),
    Page(
        "runbook",
        "board/runbook/<slug:code>/",
        _("Runbook"),
        "watch.view_incident",
        "console/runbook.html",
        runbook.board,
    ),
    Page("reports", "board/reports/", _("Reports"), reports.PERMISSION, "console/reports.html", reports.board),
)


def no_page(request: HttpRequest, **held: str) -> HttpResponse:
    raise Http404


class ConsoleSite(UnfoldAdminSite):
    """Found by Django through `ConsoleAdminConfig`."""

    site_title = "AskPro"
    index_title = _("Today")
    index_template = "console/today.html"
    enable_nav_sidebar = True
    login_form = EntranceForm

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own: list[URLPattern | URLResolver] = [
            path(page.address, self.admin_view(page.view), name=page.name) for page in PAGES
        ]
        act = path("board/act/<str:verb>/", self.admin_view(fleet_acts.act_view), name="fleet_act")
        fixed = path("board/failures/fixed/", self.admin_view(fixing.fix_view), name="failure_fix")
        asked = [
            path("board/where/<uuid:job_id>/", self.admin_view(where.where_view), name="job_where"),
            path("board/profile/<uuid:job_id>/", self.admin_view(profiling.profile_view), name="job_profile"),
            path("board/profile/<uuid:job_id>/file/", self.admin_view(profiling.file_view), name="job_profile_file"),
        ]
        table = path("board/reports/csv/", self.admin_view(reports.csv_view), name="reports_csv")
        person = path("board/person/", self.admin_view(wizard.person_view), name="person")
        repairs = [
            path("board/job/<uuid:job_id>/edit/", self.admin_view(editing.edit_view), name="job_edit"),
            path("board/repair/", self.admin_view(repair.first_view), name="repair_first"),
            path("board/repair/<str:kind_name>/", self.admin_view(repair.list_view), name="repair"),
            path("board/repair/<str:kind_name>/<str:verb_name>/", self.admin_view(repair.act_view), name="repair_act"),
        ]
        given = [
            path("board/logins/", self.admin_view(logins.list_view), name="logins"),
            path("board/logins/add/", self.admin_view(logins.add_view), name="logins_add"),
            path("board/logins/<int:user_id>/", self.admin_view(logins.change_view), name="logins_change"),
            path("board/logins/<int:user_id>/password/", self.admin_view(logins.password_view), name="logins_password"),
        ]
        # Django's shortcut to a row's public page: no row has one, and it would tell which rows there are.
        shortcut = path("r/<path:content_type_id>/<path:object_id>/", self.admin_view(no_page), name="view_on_site")
        shown = path("board/reveal/", self.admin_view(reveal.reveal_view), name="reveal")
        sheet = path("board/deliveries/csv/", self.admin_view(deliveries.csv_view), name="deliveries_csv")
        factor = path("second-factor/", self.admin_view(second_factor_view), name="second_factor")
        spoken = path("language/", self.admin_view(language.choose_view), name="language")
        return [
            *own,
            shown,
            spoken,
            factor,
            act,
            fixed,
            *asked,
            person,
            table,
            sheet,
            *repairs,
            *given,
            shortcut,
            *super().get_urls(),
        ]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return super().admin_view(entered(reveal.seen(answered(view))), cacheable)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """429 while too many attempts were made. Says why a session has ended."""
        # A page that asked by itself reloads then, and whoever comes back reads it.
        if "X-Renewal" not in request.headers and request.session.pop(idle.ENDED, False):
            words = gettext(
                "You were logged out: nobody had used the console for a while, or you had been logged in for long."
            )
            messages.warning(request, words)
        answer: HttpResponse = super().login(request, extra_context)
        form = (getattr(answer, "context_data", None) or {}).get("form")
        if form is not None and form.has_error(NON_FIELD_ERRORS, TOO_MANY):
            answer.status_code = HTTPStatus.TOO_MANY_REQUESTS
        return answer

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Without the style sheet that the theme writes into each page: `theme.css` has it."""
        return super().each_context(request) | {"colors": None, "border_radius": None}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """All models with what the reader may do with each; worked out when a page looks at it, as hardly any does."""
        if app_label is not None:
            return super().get_app_list(request, app_label)
        return cast(list[Any], SimpleLazyObject(partial(super().get_app_list, request)))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().index(request, {**board.board(request.user), **(extra_context or {})})

    def i18n_javascript(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        return ScriptWords.as_view()(request)

    def get_log_entries(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """What the person did, nobody else."""
        return LogEntry.objects.select_related("content_type", "user").filter(user_id=request.user.pk or 0)

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Any id, phone number, name or booking uid. Unlike the parent's, nothing found is kept in a cache."""
        typed = request.GET.get("s", "")
        found = search.everywhere(request, typed)
        if found.hits:
            reads.note_search(request, found.spelling)
        context = {"results": found.hits, "note": found.note, "is_asked": bool(typed.strip())}
        return TemplateResponse(request, "console/found.html", context, headers={"HX-Trigger": "search"})
