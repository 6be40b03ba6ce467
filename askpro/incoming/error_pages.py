"""What a person reads where a page cannot be shown: what happened, what to do, and the id that finds it in the logs.

The pages need no database, no session and no context processor, since any of these may be what failed. Machines keep
the answers that they know: the API and the webhooks have their own. What ends outside of these, such as an address that
nobody has, is told in the API's shape under its addresses, and by Django under those of webhooks.
"""

import sys
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views import defaults

from askpro.queues.ledger.correlation import correlation

API: Final = "/api/"
WEBHOOKS: Final = "/webhooks/"
CONSOLE: Final = "/admin/"
# Seconds after which PostgreSQL will be back.
RETRY_AFTER: Final = 5


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no page, and what the person can do."""

    status: HTTPStatus
    # What a program reads in place of the sentence.
    code: str
    happened: Promise
    advice: Promise


MEANINGLESS = Trouble(
    HTTPStatus.BAD_REQUEST,
    "bad_request",
    _("This request cannot be read"),
    _("Its address, or what was sent with it, makes no sense. Go back, reload the page and try again."),
)
FORBIDDEN = Trouble(
    HTTPStatus.FORBIDDEN,
    "not_allowed",
    _("You may not see this page"),
    _("Your log-in has no right to it. If you need it for your work, ask the person who manages the log-ins."),
)
FOREIGN_FORM = Trouble(
    HTTPStatus.FORBIDDEN,
    "not_allowed",
    _("This form is out of date"),
    _(
        "Nothing was changed. Either you logged in again since the page was opened, or your browser keeps no cookies of"
        " this site. Go back, reload the page and send the form again."
    ),
)
NOT_FOUND = Trouble(
    HTTPStatus.NOT_FOUND,
    "not_found",
    _("There is no such page"),
    _("The address is mistyped, or what was here has been deleted."),
)
BROKEN = Trouble(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "error",
    _("Something went wrong here"),
    _(
        "It was not your fault, and the error has been recorded. Look first whether what you did has been saved, then"
        " try again. If it happens again, tell support the number below."
    ),
)
AWAY = Trouble(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable",
    _("The database does not answer"),
    _("It usually takes a few seconds. Reload the page then. If it stays like this, tell support the number below."),
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, MEANINGLESS) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, FORBIDDEN) or defaults.permission_denied(request, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(request, FOREIGN_FORM) or defaults.permission_denied(request, PermissionError(reason))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, NOT_FOUND) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Called while the exception that ended the page is being handled."""
    return _page(request, _trouble(sys.exception())) or defaults.server_error(request)


def _trouble(error: BaseException | None) -> Trouble:
    # Imported here: Sentry's SDK takes a third of a second to load.
    from askpro.sentry.causes import POSTGRES, outage_of

    return AWAY if error is not None and outage_of(error) == POSTGRES else BROKEN


def _page(request: HttpRequest, trouble: Trouble) -> HttpResponse | None:
    """The page about it, or what a program that asks the API reads; None where a vendor asked."""
    if request.path_info.startswith(WEBHOOKS):
        return None
    if request.path_info.startswith(API):
        return _finished(_told_to_a_program(trouble), trouble)
    language = _language(request)
    with translation.override(language):
        values: dict[str, Any] = {
            "trouble": trouble,
            "language": language,
            "correlation": correlation(),
            "start": CONSOLE if request.path_info.startswith(CONSOLE) else "",
            "to_start": _("To the start page"),
            "number": _("Number for support"),
        }
        return _finished(HttpResponse(render_to_string("error.html", values), status=trouble.status), trouble)


def _told_to_a_program(trouble: Trouble) -> HttpResponse:
    """In English, and in the shape of the API's own errors."""
    with translation.override("en"):
        return JsonResponse({"error": trouble.code, "detail": f"{trouble.happened}."}, status=trouble.status)


def _finished(response: HttpResponse, trouble: Trouble) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    if trouble is AWAY:
        response["Retry-After"] = str(RETRY_AFTER)
    return response


def _language(request: HttpRequest) -> str:
    """The person's, as far as it was read before the error; else the browser's."""
    wanted = getattr(request, "LANGUAGE_CODE", "") or translation.get_language_from_request(request)
    return "de" if wanted.startswith("de") else "en"
