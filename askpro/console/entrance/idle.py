"""A console that nobody uses is logged out: a telephone left at the till shows no customers in the evening."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from askpro.console.language import is_of_console

# When the person logged in, when she last did something here (seconds since 1970), and whether a session was ended.
BEGUN: Final = "begun_at"
ACTIVE: Final = "active_at"
ENDED: Final = "ended_by_itself"
# Seconds after which a use is noted again: a session is not written by every page.
_NOTED_EVERY: Final = 60


class IdleSessions:
    """Middleware: ends a console's session that was not used for `SESSION_IDLE_MINUTES`, and each after
    `SESSION_COOKIE_AGE`, which Django alone counts from the last time that a session was written.

    A page that renews itself is not a use (`live.js` says that it asks by itself).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_of_console(request) and SESSION_KEY in request.session:
            self._judge(request, timezone.now().timestamp())
        return self._get_response(request)

    def _judge(self, request: HttpRequest, now: float) -> None:
        rested, lasted = (now - request.session.get(name, now) for name in (ACTIVE, BEGUN))
        if rested >= settings.SESSION_IDLE_MINUTES * 60 or lasted >= settings.SESSION_COOKIE_AGE:
            logout(request)
            request.session[ENDED] = True
        elif "X-Renewal" not in request.headers and (rested >= _NOTED_EVERY or ACTIVE not in request.session):
            request.session[ACTIVE] = now


@receiver(user_logged_in, dispatch_uid="console.entrance.idle")
def begin(request: HttpRequest | None, **about: Any) -> None:
    """A log-in is a use."""
    if request is not None:
        request.session[BEGUN] = request.session[ACTIVE] = timezone.now().timestamp()
