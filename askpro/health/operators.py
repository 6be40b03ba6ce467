"""Who may read the figures of this installation: its operators' machines."""

import ipaddress
from functools import cache
from hmac import compare_digest
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from askpro.network import address_of

SHORTEST_TOKEN: Final = 20


def may_read_figures(request: HttpRequest) -> bool:
    """Whether a request has METRICS_TOKEN, or comes from one of METRICS_NETWORKS."""
    return _has_token(request) or _is_near(request)


def faults() -> list[str]:
    """What is wrong with the two settings."""
    found = []
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        found.append(f"METRICS_TOKEN has less than {SHORTEST_TOKEN} characters, and could be found by trying.")
    for written in settings.METRICS_NETWORKS:
        try:
            ipaddress.ip_network(written)
        except ValueError:
            found.append("METRICS_NETWORKS has an entry that is no network: write 10.0.0.0/8, or one address.")
    return found


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = str(request.META.get("HTTP_AUTHORIZATION", "")).partition(" ")
    wanted = settings.METRICS_TOKEN
    return bool(wanted) and scheme.lower() == "bearer" and compare_digest(token.strip().encode(), wanted.encode())


def _is_near(request: HttpRequest) -> bool:
    sender = address_of(request)
    return sender is not None and any(sender in network for network in _networks(tuple(settings.METRICS_NETWORKS)))


@cache
def _networks(written: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """What `manage.py check` refuses lets nobody in."""
    found = []
    for each in written:
        try:
            found.append(ipaddress.ip_network(each))
        except ValueError:
            continue
    return tuple(found)
