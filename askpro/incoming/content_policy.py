"""Content-Security-Policy: what a browser may load and run for a page of ours (docs/security.md)."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

HEADER: Final = "Content-Security-Policy"
# Nothing of other hosts, and nothing written into a page: no `<script>` or `<style>` with content, no `on…` and no
# `style` attributes. So no page needs a nonce, and its header is the same for everybody.
PAGE: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
# No page of ours needs a device; a page that stole in could not use one either.
NO_DEVICES: Final = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
# The theme's Alpine makes functions of what its attributes say.
CONSOLE: Final = PAGE | {"script-src": "'self' 'unsafe-eval'"}


class ContentPolicy:
    """Middleware: every response has a policy. A view that sets one itself, such as a stricter one, keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.setdefault(HEADER, _written(CONSOLE if _is_console(request) else PAGE))
        response.setdefault("Permissions-Policy", NO_DEVICES)
        return response


def _written(policy: dict[str, str]) -> str:
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


def _is_console(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and "admin" in match.app_names
