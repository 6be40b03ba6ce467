"""The page of a person's own second factor: giving it, setting it up, new recovery codes, and doing without."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from askpro.console import audit
from askpro.console.entrance import codes, gate
from askpro.console.entrance.forms import TOO_MANY, CodeForm
from askpro.console.entrance.models import SecondFactor
from askpro.console.way_back import way_back


@never_cache
def second_factor_view(request: HttpRequest) -> HttpResponse:
    """What the person can do depends on what she has: nothing, one that is not confirmed, or one to be given."""
    factor = codes.of(request.user)
    if factor is None:
        return _begin(request)
    if not codes.is_asked(factor):
        return _set_up(request, factor)
    if not codes.is_given(request, factor):
        return _give(request, factor)
    return _keep(request, factor)


def _begin(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        SecondFactor.objects.get_or_create(user_id=request.user.pk or 0, defaults={"secret": codes.new_secret()})
        return HttpResponseRedirect(request.get_full_path())
    return _page(request, "begin", title=_("Second factor"), is_required=gate.is_required(request.user))


def _set_up(request: HttpRequest, factor: SecondFactor) -> HttpResponse:
    form = _form(request, factor)
    if form.is_valid():
        recovery = codes.new_recovery()
        if factor.confirm([codes.digest_of(code) for code in recovery]):
            audit.note(request, factor.user, "second_factor")
            codes.note_given(request, factor)
            return _told(request, recovery)
        return HttpResponseRedirect(request.get_full_path())
    about = {"picture": codes.picture(factor, request.user.get_username()), "secret": factor.secret}
    return _page(request, "set_up", form, title=_("Set up the second factor"), **about)


def _give(request: HttpRequest, factor: SecondFactor) -> HttpResponse:
    form = _form(request, factor)
    if form.is_valid():
        codes.note_given(request, factor)
        return HttpResponseRedirect(_back(request))
    return _page(request, "give", form, title=_("Second factor"))


def _keep(request: HttpRequest, factor: SecondFactor) -> HttpResponse:
    """New recovery codes, or no second factor any more; either takes a code."""
    is_required = gate.is_required(request.user)
    form = _form(request, factor)
    if form.is_valid() and request.POST.get("wish") == "without" and not is_required:
        audit.note(request, factor.user, "no_second_factor")
        factor.delete()
        return HttpResponseRedirect(reverse("admin:index"))
    if form.is_valid() and request.POST.get("wish") == "codes":
        recovery = codes.new_recovery()
        factor.renew_recovery([codes.digest_of(code) for code in recovery])
        audit.note(request, factor.user, "recovery_codes")
        return _told(request, recovery)
    about = {"factor": factor, "left": len(factor.recovery), "is_required": is_required}
    return _page(request, "keep", form, title=_("Second factor"), **about)


def _form(request: HttpRequest, factor: SecondFactor) -> CodeForm:
    data = request.POST if request.method == "POST" else None
    return CodeForm(request, lambda typed: codes.is_right(factor, typed), data)


def _told(request: HttpRequest, recovery: list[str]) -> HttpResponse:
    """The only page that ever shows them."""
    return _page(request, "recovery", title=_("Recovery codes"), recovery=recovery, back=_back(request))


def _back(request: HttpRequest) -> str:
    return way_back(request, request.GET.get("next", ""), reverse("admin:index"))


def _page(request: HttpRequest, name: str, form: CodeForm | None = None, **about: Any) -> HttpResponse:
    # Imported here: the site leads to this view.
    from django.contrib import admin

    refused = form is not None and form.has_error("code", TOO_MANY)
    entered = gate.has_entered(request)
    context = {**admin.site.each_context(request), "form": form, "has_entered": entered, **about}
    status = HTTPStatus.TOO_MANY_REQUESTS if refused else HTTPStatus.OK
    return TemplateResponse(request, f"console/entrance/{name}.html", context, status=status)
