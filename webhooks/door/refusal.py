"""Refuses requests: the answer, and one counter per provider, reason, hour and address prefix.

A flood costs PostgreSQL nothing: of what one process refuses within a second, the first are counted at once, and the
others together, when the second is over. What a killed process had not written by then is not counted.
"""

import atexit
import logging
import threading
import time
from collections import Counter
from http import HTTPStatus
from typing import Final

from django.db import Error, connection
from django.http import HttpRequest

from askpro.network import network_of
from webhooks.models import RefusedWebhook

log = logging.getLogger(__name__)

Reason = RefusedWebhook.Reason
# How many are counted at once in each second.
AT_ONCE: Final = 20
SECOND: Final = 1.0

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
    one = (provider, str(refused.reason), network_of(request))
    if not _later.keeps(one):
        _write(Counter([one]))


class _Later:
    """The refusals of this second that are counted when it is over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began = 0.0
        self._seen = 0
        self._kept: Counter[tuple[str, str, str]] = Counter()

    def keeps(self, one: tuple[str, str, str]) -> bool:
        """Whether it is kept, because there were many in this second already."""
        with self._lock:
            now = time.monotonic()
            if now - self._began >= SECOND:
                self._began, self._seen = now, 0
            self._seen += 1
            if self._seen <= AT_ONCE:
                return False
            if not self._kept:
                self._wake()
            self._kept[one] += 1
            return True

    def write(self) -> None:
        """Count what was kept."""
        with self._lock:
            kept, self._kept = self._kept, Counter()
        _write(kept)

    def _wake(self) -> None:
        timer = threading.Timer(SECOND, self._write_and_leave)
        timer.daemon = True
        timer.start()

    def _write_and_leave(self) -> None:
        try:
            self.write()
        finally:
            # This thread's own.
            connection.close()


_later: Final = _Later()
atexit.register(_later.write)


def _write(counts: Counter[tuple[str, str, str]]) -> None:
    # Always in the same order, so that two processes that write the same counters never wait for each other.
    for (provider, reason, network), number in sorted(counts.items()):
        try:
            RefusedWebhook.count_more(provider, reason, network, number)
        except Error as error:
            log.warning(
                "%d refused %s webhooks (%s) were not counted: %s", number, provider, reason, type(error).__name__
            )
