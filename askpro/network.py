"""Where a request comes from, as far as may be kept: a network, never an address."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def network_of(request: HttpRequest) -> str:
    """The sender's network, /24 of IPv4 or /48 of IPv6; empty when unknown."""
    sender = address_of(request)
    if sender is None:
        return ""
    return str(ipaddress.ip_network(f"{sender}/{24 if sender.version == 4 else 48}", strict=False))


def tells_apart(network: str) -> bool:
    """Whether senders can be told apart by it. Behind a proxy that does not say for whom it asks, all requests come
    from this host."""
    return bool(network) and not ipaddress.ip_network(network).is_loopback


def address_of(request: HttpRequest) -> Address | None:
    """The sender's address, to be judged and not kept; None when unknown.

    X-Forwarded-For counts only if a proxy of ours is declared, and only the entry that this proxy appended.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.SECURE_PROXY_SSL_HEADER:
        address = str(request.META.get("HTTP_X_FORWARDED_FOR", address)).rpartition(",")[2].strip()
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
