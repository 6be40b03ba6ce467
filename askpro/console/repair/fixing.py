"""Closing a kind of failure: somebody says in which version it is fixed."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from askpro.console import audit
from askpro.console.failures import Kind
from askpro.console.permissions import May
from askpro.console.repair import fixes
from askpro.queues.fleet import events


class FixForm(forms.Form):
    """In which version, and what was done."""

    version = forms.CharField(label=_("Fixed in"), max_length=64, widget=UnfoldAdminTextInputWidget)
    note = forms.CharField(label=_("What was done?"), max_length=300, widget=UnfoldAdminTextareaWidget({"rows": 3}))


def fix_view(request: HttpRequest) -> HttpResponse:
    """Ask on GET, close on POST."""
    if not (request.user.has_perm("queues.view_job") and request.user.has_perm(May.RETRY)):
        raise PermissionDenied
    kind = Kind.of(request)
    form = FixForm(request.POST if request.method == "POST" else None, initial={"version": settings.CODE_VERSION})
    if request.method == "POST" and form.is_valid():
        _close(request, kind, form.cleaned_data)
        return HttpResponseRedirect(kind.address)
    return _ask(request, kind, form)


def _close(request: HttpRequest, kind: Kind, said: dict[str, Any]) -> None:
    if fixes.close(kind.key, said["version"], said["note"], request.user):
        audit.note(request, None, "fix", said["note"], about=f"{kind.name}, {kind.actor_name}, {said['version']}")
        what = f"closed {kind.name} in {kind.actor_name} as fixed in {said['version']}"
        events.note_command(what, request.user.get_username(), said["note"])
        messages.success(request, gettext("Closed. It opens again by itself should it happen once more."))
    else:
        messages.warning(request, gettext("It was closed before."))


def _ask(request: HttpRequest, kind: Kind, form: FixForm) -> HttpResponse:
    # Imported here: the site leads to this view.
    from django.contrib import admin

    context = {
        **admin.site.each_context(request),
        "title": gettext("Fixed: %(error)s in %(job)s") % {"error": kind.name, "job": kind.actor_name},
        "act": {"label": gettext("Close")},
        "follows": [
            gettext("It is listed as fixed. The jobs that are dead of it stay as they are, until they are retried."),
            gettext("When a later job dies of the same, it opens again, and says by which job."),
        ],
        "form": form,
        "back": kind.address,
    }
    return TemplateResponse(request, "console/fleet_act.html", context)
