"""The addresses that machines ask: load balancers, orchestrators, Prometheus."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string

View = Callable[[HttpRequest], HttpResponseBase]


class Probes:
    """Answers the addresses of PROBES before any other middleware.

    They are asked by IP address, which ALLOWED_HOSTS does not have and must not have: no other address may believe such
    a Host header. Without sessions and log-ins nothing but the view itself touches a database.
    """

    def __init__(self, get_response: View) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = settings.PROBES.get(request.path_info)
        if path is None:
            return self._get_response(request)
        response: Any = _view(path)(request)
        # Django logs every 5xx as an error: a monitor that asks each second would fill the log, and Sentry.
        response._has_been_logged = True
        return response


@cache
def _view(path: str) -> View:
    return import_string(path)
