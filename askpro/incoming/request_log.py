"""One log line for each request: which page answered, how, and how long it took; nothing that anybody sent.

Pages are named by their route, since a path may hold a token and a query what a caller said.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from askpro.metrics.recorder import note_request

log = logging.getLogger(__name__)

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# The company that the request is about, in a box that code further down fills.
_company: ContextVar[list[int] | None] = ContextVar("company_of_request", default=None)


class RequestLog:
    """Middleware: a line for each request at INFO, at DEBUG for those of machines, and its time for the metrics."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        token = _company.set([])
        try:
            response = self._get_response(request)
            _tell(request, response, time.perf_counter() - began)
        finally:
            _company.reset(token)
        return response


def about_company(company_id: int | None) -> None:
    """Say whose the request is, once it is known."""
    box = _company.get()
    if box is not None and company_id is not None:
        box[:] = [company_id]


def company_of_request() -> int | None:
    """The company that the request of this thread is about, if that is known."""
    box = _company.get()
    return box[0] if box else None


def company_of(arguments: Mapping[str, Any]) -> int | None:
    """The company that a job's arguments name."""
    company_id = arguments.get("company_id")
    return company_id if isinstance(company_id, int) else None


def _tell(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    match = request.resolver_match
    if not (is_quiet := _is_quiet(request.path_info)):
        note_request((match.view_name or match.route) if match else "-", f"{response.status_code // 100}xx", seconds)
    level = logging.DEBUG if is_quiet else logging.INFO
    if log.isEnabledFor(level):
        method = request.method if request.method in METHODS else "other"
        route, status, milliseconds = f"/{match.route}" if match else "-", response.status_code, seconds * 1000
        facts = {"method": method, "route": route, "status": status, "milliseconds": round(milliseconds, 1)}
        more = {"bytes": None if response.streaming else len(response.content), "company": company_of_request()}
        facts |= {name: value for name, value in more.items() if value is not None}
        log.log(level, "%s %s %d in %.0f ms", method, route, status, milliseconds, extra={"facts": facts})


def _is_quiet(path: str) -> bool:
    """Machines ask for it every few seconds, or it is a file: such lines would bury the others."""
    return path in settings.PROBES or path.startswith(f"/{settings.STATIC_URL.lstrip('/')}")
