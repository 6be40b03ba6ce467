"""Refuses requests: the answer, and one counter per provider, reason, hour and address prefix."""

import ipaddress
import logging
from http import HTTPStatus

from django.conf import settings
from django.db import Error
from django.http import HttpRequest

from webhooks.models import RefusedWebhook

log = logging.getLogger(__name__)

Reason = RefusedWebhook.Reason

_STATUS = {
    Reason.BAD_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Reason.NO_LENGTH: HTTPStatus.LENGTH_REQUIRED,
    Reason.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.MALFORMED: HTTPStatus.BAD_REQUEST,
    Reason.NO_ADDRESS: HTTPStatus.NOT_FOUND,
}


class Refused(Exception):
    """The request is refused, and only counted."""

    def __init__(self, reason: RefusedWebhook.Reason) -> None:
        super().__init__(reason.label)
        self.reason = reason

    @property
    def status(self) -> HTTPStatus:
        """The status of the answer; anything wrong with a signature is 401."""
        return _STATUS.get(self.reason, HTTPStatus.UNAUTHORIZED)


def count(provider: str, refused: Refused, request: HttpRequest) -> None:
    """Count a refusal. If the database is down, the request is refused all the same."""
    try:
        RefusedWebhook.count_one(provider, refused.reason, address_prefix(request))
    except Error as error:
        log.warning("A refused %s webhook (%s) was not counted: %s", provider, refused.reason, type(error).__name__)


def address_prefix(request: HttpRequest) -> str:
    """The sender's network, /24 of IPv4 or /48 of IPv6; empty when unknown.

    X-Forwarded-For counts only if a proxy of ours is declared, and only the entry that this proxy appended.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.SECURE_PROXY_SSL_HEADER:
        address = str(request.META.get("HTTP_X_FORWARDED_FOR", address)).rpartition(",")[2].strip()
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    sender = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(ipaddress.ip_network(f"{sender}/{24 if sender.version == 4 else 48}", strict=False))
