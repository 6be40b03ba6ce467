"""Seeing personal data on one page although it is masked: asked with a reason, for a quarter of an hour, on record."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from askpro.console import audit, masking
from askpro.console.nonsense import Nonsense
from askpro.privacy import reads

LASTS: Final = timedelta(minutes=15)
# Where a page says that something on it is masked, once it is known that something is.
MARK: Final = b"<!-- console: masked -->"
KEPT: Final = "revealed"


class RevealForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("Why do you need to see it?"),
        max_length=300,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text=gettext_lazy("Kept in the record, with your name. Write no names here."),
    )


def seen(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view, as the person may see it, answer included. Around every page of the console."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # What writes must not work on masked rows.
        reads_only = request.method in ("GET", "HEAD", "OPTIONS")
        with masking.looking(is_masked(request), on_load=reads_only) as look:
            answer = view(request, *args, **kwargs)
            look.veil()
            if isinstance(answer, TemplateResponse) and not answer.is_rendered:
                answer.render()
            if look.hid and not answer.streaming and MARK in answer.content:
                answer.content = answer.content.replace(MARK, _notice(request).encode(), 1)
        return answer

    return inner


def is_masked(request: HttpRequest) -> bool:
    """Whether this person, on this page, now, sees masks. Who is not logged in sees a form of ours and nothing else."""
    if not request.user.is_authenticated or masking.sees_people(request.user):
        return False
    match = request.resolver_match
    return match is None or not _is_revealed(request, key_of(request.path, match))


def key_of(path: str, match: ResolverMatch) -> str:
    """What is revealed together: all pages of one row, or one page."""
    row = match.kwargs.get("object_id")
    if row is None:
        return path
    table = str(match.url_name or "").split("_")[:2]
    return f"{'.'.join(table)}:{row}"


def reveal_view(request: HttpRequest) -> HttpResponse:
    """Ask on GET, reveal on POST."""
    # Imported here: the site leads to this view.
    from django.contrib import admin

    if not masking.may_reveal(request.user):
        raise PermissionDenied
    path = request.GET.get("page", "")
    key = _wanted(path)
    form = RevealForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        _reveal(request, key, form.cleaned_data["reason"])
        return HttpResponseRedirect(path)
    context = {
        **admin.site.each_context(request),
        "title": _("Reveal personal data"),
        "act": {"label": _("Reveal")},
        "follows": [
            _("Names, numbers, addresses and texts of this page show for %(minutes)s minutes, to you alone.")
            % {"minutes": int(LASTS.total_seconds() // 60)},
            _("The record keeps who looked at what, why, when and from where."),
        ],
        "form": form,
        "back": path,
    }
    return TemplateResponse(request, "console/fleet_act.html", context)


def _wanted(path: str) -> str:
    """The key of the page that an address of ours means."""
    plain = path.partition("?")[0]
    try:
        match = resolve(plain)
    except Resolver404:
        raise Nonsense(_("There is no such page.")) from None
    if path.startswith("//") or "admin" not in match.namespaces:
        raise Nonsense(_("There is no such page."))
    return key_of(plain, match)


def _reveal(request: HttpRequest, key: str, reason: str) -> None:
    until = timezone.now() + LASTS
    kept = {page: end for page, end in _kept(request).items() if datetime.fromisoformat(end) > timezone.now()}
    request.session[KEPT] = {**kept, key: until.isoformat()}
    audit.note(request, None, "reveal", reason, about=key)
    reads.note_reveal(request, key)


def _is_revealed(request: HttpRequest, key: str) -> bool:
    end = _kept(request).get(key)
    return end is not None and masking.may_reveal(request.user) and datetime.fromisoformat(end) > timezone.now()


def _kept(request: HttpRequest) -> dict[str, str]:
    kept: dict[str, str] = request.session.get(KEPT, {})
    return kept


def _notice(request: HttpRequest) -> str:
    address = ""
    if masking.may_reveal(request.user):
        address = f"{reverse('admin:reveal')}?{urlencode({'page': request.get_full_path()})}"
    return render_to_string("console/masked.html", {"address": address})
