"""Tokens: who asks, for which company, and how often."""

import math
from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from askpro.api.models import ApiToken
from askpro.incoming.request_log import about_company

LONGEST_HEADER = 200


class Caller:
    """The holder of a token, who is not a user of the console."""

    is_authenticated = True

    def __init__(self, token: ApiToken) -> None:
        self.token = token
        self.pk = None


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer askpro_…`."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        header = get_authorization_header(request)
        if not header:
            return None
        kind, _, secret = header.decode("latin-1").partition(" ")
        token = ApiToken.of(secret) if kind.lower() == "bearer" and len(header) <= LONGEST_HEADER else None
        if token is None:
            raise AuthenticationFailed("This token is unknown, expired or off. Send it as: Authorization: Bearer …")
        about_company(token.company_id)
        return Caller(token), token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenNotAllowed(PermissionDenied):
    """403: the token is valid, and not for this."""

    default_code = "not_allowed"
    default_detail = "This token may not do that. Whoever made it decides in the console what it may do."


class WithinToken(BasePermission):
    """What an endpoint does, and the token has to allow: the view's `takes`, a field of `ApiToken`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiToken):
            raise NotAuthenticated("Send a token: Authorization: Bearer …")
        if not getattr(request.auth, view.takes):
            raise TokenNotAllowed
        return True


class Allowance(BaseThrottle):
    """API_REQUESTS_PER_MINUTE for each token, over all web processes."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        self._seconds = request.auth.take() if isinstance(request.auth, ApiToken) else 0.0
        return self._seconds == 0.0

    def wait(self) -> float:
        return math.ceil(self._seconds)
