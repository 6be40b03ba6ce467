"""What nobody can have meant: an address or a form is answered with 400 and a sentence, never with an error."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _


class Nonsense(Exception):
    """The sentence that the person reads."""


def answered(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view, with an answer to what makes no sense. Around every page of the console."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            _readable(request.GET, "\x00")
            # A NUL in a form is told at its field.
            _readable(request.POST, "")
            return view(request, *args, **kwargs)
        except Nonsense as error:
            return _answer(request, str(error))
        except SuspiciousOperation:
            return _answer(request, _("This address makes no sense."))

    return inner


def _readable(said: QueryDict, forbidden: str) -> None:
    for key, values in said.lists():
        for text in (key, *values):
            if (forbidden and forbidden in text) or not _is_utf8(text):
                raise Nonsense(_("This address, or what was sent with it, holds characters that no text has."))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _answer(request: HttpRequest, sentence: str) -> HttpResponse:
    # Imported here: the site's views are wrapped by this module.
    from django.contrib import admin

    context = {**admin.site.each_context(request), "title": _("That makes no sense"), "sentence": sentence}
    return TemplateResponse(request, "console/nonsense.html", context, status=400)
