"""The id under which one request can be followed: through stored events, jobs, calls to vendors and log lines.

A request brings it along (X-Request-ID) or is given one; jobs pass it on (`askpro.queues.ledger.correlation`).
"""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from askpro.queues.ids import uuid7
from askpro.queues.ledger.correlation import correlated, correlation

HEADER = "X-Request-ID"
# Only a UUID, dashed or not: any other text could quote somebody, and would stand in every log line.
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


class Correlation:
    """Middleware: everything that a request causes belongs to its id, and its answer names the id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told = sane(request.headers.get(HEADER, "")) or str(uuid7())
        with correlated(told):
            response = self._get_response(request)
        response[HEADER] = told
        return response


def sane(told: str) -> str:
    """An id from outside, in the one spelling that is used here; "" if it is not a UUID."""
    return str(uuid.UUID(told)) if _UUID.fullmatch(told) else ""


def correlation_id() -> uuid.UUID:
    """The id for a row that is written now: that of the request or job that writes it, or a new one."""
    told = correlation()
    return uuid.UUID(told) if told else uuid7()


def headers() -> dict[str, str]:
    """What a request to a vendor says of the work that makes it."""
    told = correlation()
    return {HEADER: told} if told else {}
