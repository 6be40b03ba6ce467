"""The console's site: Unfold's, with our front page and our search."""

import time
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.sites import UnfoldAdminSite

from askpro.console import dashboard, search


class ConsoleSite(UnfoldAdminSite):
    """Found by Django through `ConsoleAdminConfig`."""

    site_title = "AskPro"
    index_title = "Today"
    index_template = "console/dashboard.html"
    enable_nav_sidebar = True

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().index(request, {**dashboard.numbers(request.user), **(extra_context or {})})

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Any id, phone number, name or booking uid. Unlike the parent's, nothing found is kept in a cache."""
        began = time.monotonic()
        results = search.everywhere(request.user, request.GET.get("s", ""))
        context = {
            "page_obj": Paginator(results, search.MOST),
            "results": Paginator(results, search.MOST).page(1),
            "page_counter": 0,
            "execution_time": time.monotonic() - began,
        }
        return TemplateResponse(request, "console/found.html", context, headers={"HX-Trigger": "search"})
