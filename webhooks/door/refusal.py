"""Refuses requests: the answer, and one counter per provider, reason, hour and address prefix."""

import logging
from http import HTTPStatus

from django.db import Error
from django.http import HttpRequest

from askpro.network import network_of
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
        super().__init__(str(reason.label))
        self.reason = reason

    @property
    def status(self) -> HTTPStatus:
        """The status of the answer; anything wrong with a signature is 401."""
        return _STATUS.get(self.reason, HTTPStatus.UNAUTHORIZED)


def count(provider: str, refused: Refused, request: HttpRequest) -> None:
    """Count a refusal. If the database is down, the request is refused all the same."""
    try:
        RefusedWebhook.count_one(provider, refused.reason, network_of(request))
    except Error as error:
        log.warning("A refused %s webhook (%s) was not counted: %s", provider, refused.reason, type(error).__name__)
