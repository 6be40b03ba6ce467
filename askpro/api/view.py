"""What every endpoint has in common: JSON within bounds, tokens, one shape for all errors, 503 without PostgreSQL."""

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from askpro.api.authentication import Allowance, TokenAuthentication, WithinToken
from webhooks.inbox.reading import Malformed, load_object

log = logging.getLogger(__name__)

# Seconds after which a caller should try again: PostgreSQL restarts faster than that.
RETRY_AFTER = 5


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = "The body is too large."


class JSONObjectParser(BaseParser):
    """One JSON object of bounded size and depth."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        try:
            body = stream.read(settings.API_MAX_BYTES + 1)
        except UnreadablePostError as error:
            raise ParseError("The body ended early.") from error
        if len(body) > settings.API_MAX_BYTES:
            raise TooLarge
        try:
            return load_object(body)
        except Malformed as error:
            raise ParseError(f"The body is {error}.") from error


class ApiView(APIView):
    """Base of the endpoints. `request.auth` is the caller's `ApiToken`, which must allow what the view `takes`."""

    takes: ClassVar[str]
    authentication_classes = (TokenAuthentication,)
    permission_classes = (WithinToken,)
    throttle_classes = (Allowance,)
    parser_classes = (JSONObjectParser,)
    renderer_classes = (JSONRenderer,)

    def get_exception_handler(self) -> Any:
        return answer_error


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """`{"error": code, "detail": sentence, "fields": {path: [sentences]}}`, `fields` only where some are wrong."""
    if isinstance(error, OperationalError | InterfaceError | InternalError):
        log.warning("The API cannot reach PostgreSQL: %s", type(error).__name__, extra={"cause": error})
        body = {"error": "unavailable", "detail": "Nothing was stored. Try again."}
        return Response(body, status=503, headers={"Retry-After": str(RETRY_AFTER)})
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ValidationError):
        detail = "Some fields make no sense."
        response.data = {"error": "invalid", "detail": detail, "fields": dict(_flat(error.detail))}
    elif isinstance(error, Http404):
        response.data = {"error": "not_found", "detail": "There is no such request of yours."}
    elif isinstance(error, APIException):
        response.data = {"error": str(error.get_codes()), "detail": str(error.detail)}
    return response


def _flat(detail: Any, path: str = "") -> list[tuple[str, list[str]]]:
    if not isinstance(detail, Mapping):
        return [(path or "body", [str(each) for each in (detail if isinstance(detail, list) else [detail])])]
    return [found for name, inner in detail.items() for found in _flat(inner, f"{path}.{name}" if path else str(name))]
