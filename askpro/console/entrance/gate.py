"""No page of the console opens before the second factor is given, where the person has one or has to have one."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from askpro.console.entrance import codes

# What people need on the way in, and on the way out.
OPEN: Final = frozenset({"second_factor", "logout", "language", "jsi18n"})


def entered(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view, behind the second factor. Around every page of the console."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated or has_entered(request) or _is_open(request):
            return view(request, *args, **kwargs)
        back = f"?{urlencode({'next': request.get_full_path()}, safe='/')}" if request.method == "GET" else ""
        return HttpResponseRedirect(reverse("admin:second_factor") + back)

    return inner


def has_entered(request: HttpRequest) -> bool:
    factor = codes.of(request.user)
    if factor is not None and codes.is_asked(factor):
        return codes.is_given(request, factor)
    return not is_required(request.user)


def is_required(user: Any) -> bool:
    """Whether the person may not do without: who can give rights can do everything."""
    return settings.REQUIRE_SECOND_FACTOR and bool(user.has_perm("auth.change_user"))


def _is_open(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and match.url_name in OPEN
