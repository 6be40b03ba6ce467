"""Pages that are about no single table: each with the permission it takes, and what its template reads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from askpro.language.text import Text


@dataclass(frozen=True, slots=True)
class Page:
    """`read` gets the request and whatever the address holds, and returns the template's context."""

    name: str
    address: str
    title: Text
    permission: str
    template: str
    read: Callable[..., dict[str, Any]]

    def view(self, request: HttpRequest, **held: Any) -> HttpResponse:
        if not request.user.has_perm(self.permission):
            raise PermissionDenied
        # Imported here: the site has these pages.
        from django.contrib import admin

        context = {**admin.site.each_context(request), "title": self.title, **self.read(request, **held)}
        return TemplateResponse(request, self.template, context)
