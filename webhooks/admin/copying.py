"""The page that gives an event as a curl command: asked first, on record, and never to who may not read its body."""

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from askpro.console import audit, display, masking
from askpro.console.permissions import May
from webhooks.admin import curl
from webhooks.models import WebhookEvent

TEMPLATE = "console/event_curl.html"


class CurlMixin:
    """Adds the page to the admin of events."""

    admin_site: Any
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.curl_view)
        return [path("<path:object_id>/curl/", view, name="webhooks_webhookevent_curl"), *super().get_urls()]  # type: ignore[misc]

    def offered(self, request: HttpRequest, obj: Any) -> list[dict[str, str]]:
        """After the other buttons of an event's page."""
        buttons: list[dict[str, str]] = super().offered(request, obj)  # type: ignore[misc]
        if obj.has_body and self._may_copy(request):
            href = reverse("admin:webhooks_webhookevent_curl", args=[obj.pk])
            buttons.append({"label": _("As curl"), "icon": "terminal", "href": href})
        return buttons

    def curl_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask on GET, show the command on POST."""
        if not self._may_copy(request):
            raise PermissionDenied
        event: WebhookEvent | None = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if event is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        may_show = event.has_body and not masking.is_masked()
        name = self.named(masking.veiled(event))  # type: ignore[attr-defined]
        request.page_name = name  # type: ignore[attr-defined] # read by the header's template
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": event,
            "title": _("Event as a curl command"),
            "name": name,
            "may_show": may_show,
            "back": display.address(event),
        }
        if request.method == "POST" and may_show:
            audit.note(request, event, "curl")
            context |= {
                "command": curl.command(event),
                "placeholder": curl.PLACEHOLDER,
                "how": curl.HOW[event.provider],
            }
        return TemplateResponse(request, TEMPLATE, context)

    def _may_copy(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(May.EXPORT)  # type: ignore[attr-defined]
