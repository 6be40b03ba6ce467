"""The language in which a person reads the console: the chosen one, else the browser's, else the installation's."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase, HttpResponseNotAllowed, StreamingHttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from askpro.console.models import Preference
from askpro.console.nonsense import Nonsense
from askpro.console.way_back import way_back
from calls.models.company import Language

# What a log-in's person has chosen, kept in the session: no page asks the database for it.
CHOSEN: Final = "language"


class ReadersLanguage:
    """Middleware: the console's pages are written in their reader's language.

    Nothing else is: API, webhooks and probes answer programs, a customer's page has its customer's language, and a
    thread that has answered a German log-in writes the next text in the language that it had before.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_of_console(request):
            return self._get_response(request)
        language = language_of(request)
        with translation.override(language):
            response = self._get_response(request)
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            # Written when this middleware has long returned.
            response.streaming_content = _spoken(language, iter(response))
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language",))
        return response


def is_of_console(request: HttpRequest) -> bool:
    """Whether a page of the console is asked for."""
    return request.path_info.startswith(_console())


def language_of(request: HttpRequest) -> str:
    """The code of the language in which this request's person reads."""
    chosen = request.session.get(CHOSEN, "")
    return chosen if chosen in Language.values else translation.get_language_from_request(request)


def choose_view(request: HttpRequest) -> HttpResponse:
    """Keep the language that the person has chosen, for this log-in and those to come."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    chosen = request.POST.get("language", "")
    if chosen not in Language.values:
        raise Nonsense(_("The console does not speak this language."))
    Preference.objects.update_or_create(user_id=request.user.pk or 0, defaults={"language": chosen})
    request.session[CHOSEN] = chosen
    return HttpResponseRedirect(way_back(request, request.POST.get("next", ""), _console()))


@receiver(user_logged_in, dispatch_uid="console.language")
def remember(request: HttpRequest | None, user: Any, **about: Any) -> None:
    """Take the choice of earlier log-ins over into the new one's session."""
    chosen = Preference.objects.filter(user_id=user.pk).values_list("language", flat=True).first()
    if request is not None and chosen:
        request.session[CHOSEN] = chosen


def _spoken(language: str, parts: Iterator[Any]) -> Iterator[Any]:
    while True:
        with translation.override(language):
            part = next(parts, None)
        if part is None:
            return
        yield part


@cache
def _console() -> str:
    # Whatever serves the first request: a tool or a test may have addresses of its own.
    return reverse("admin:index", urlconf="askpro.urls")
