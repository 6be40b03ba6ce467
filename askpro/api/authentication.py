"""Tokens: who asks, for which company, and how often."""

import math
from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
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
            raise AuthenticationFailed("This token is unknown or switched off. Send it as: Authorization: Bearer …")
        about_company(token.company_id)
        return Caller(token), token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class Allowance(BaseThrottle):
    """API_REQUESTS_PER_MINUTE for each token, over all web processes."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        self._seconds = request.auth.take() if isinstance(request.auth, ApiToken) else 0.0
        return self._seconds == 0.0

    def wait(self) -> float:
        return math.ceil(self._seconds)
