"""The way back to the page on which a person was: never to another host."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def way_back(request: HttpRequest, asked: str, otherwise: str) -> str:
    """The address that was asked for, if it is one of ours."""
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if asked and is_ours else otherwise
