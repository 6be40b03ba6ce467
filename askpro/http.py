"""Outgoing HTTP: one client per vendor, time-outs always, and failures as the family of `askpro.queues.errors`."""

import email.utils
import math
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from django.conf import settings
from django.db import connection
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from askpro.queues.errors import RateLimited, Unavailable, Unknown

READS = frozenset({"GET", "HEAD"})
# A vendor that names no pause gets one second, jittered; one that names an absurd one is asked again in an hour.
DEFAULT_PAUSE = 1.0
LONGEST_PAUSE = 3600.0
# Cal.com's X-RateLimit-Reset is seconds by its source and a Unix time by one of its pages.
EPOCH_FROM = 1e9


class CallInTransaction(RuntimeError):
    """An outside call inside a database transaction holds its locks for as long as the vendor pleases."""


class Throttled(RateLimited):
    """A 429. Its `response` says which limit was hit, where the vendor has several."""

    def __init__(self, response: requests.Response, reason: str) -> None:
        super().__init__(pause(response.headers), reason)
        self.response = response


class Client:
    """HTTP to one vendor over kept-alive connections.

    Every answer below 500 but 429 is returned: what a 4xx means is the vendor file's knowledge. The rest raises
    `Throttled` (429), `Unavailable` (not connected, or a read failed) or `Unknown` (a write may have happened).
    """

    def __init__(
        self,
        vendor: str,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> None:
        self.vendor = vendor
        self.base_url = base_url.rstrip("/")
        self.session = requests.Session()
        # The environment's proxies and .netrc must not decide where a tenant's data goes.
        self.session.trust_env = False
        self.session.headers.update(headers or {})
        self.session.auth = auth
        # Connecting is all that may be repeated here; how a 429 is waited for is the queue's matter.
        connects = Retry(
            connect=2, read=0, status=0, other=0, redirect=0, backoff_factor=0.1, respect_retry_after_header=False
        )
        adapter = HTTPAdapter(max_retries=connects)
        self.session.mount("https://", adapter)
        self.session.mount("http://", adapter)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        refuse_inside_transaction()
        try:
            response = self.session.request(
                method,
                self.base_url + path,
                params=params,
                json=json,
                data=data,
                headers=headers,
                timeout=(settings.VENDOR_CONNECT_TIMEOUT, settings.VENDOR_READ_TIMEOUT),
                allow_redirects=False,
            )
        except requests.ConnectTimeout as error:
            raise Unavailable(f"{self.vendor}: no connection in time") from error
        except requests.RequestException as error:
            raise self._failure(method, error) from error
        if response.status_code == 429:
            raise Throttled(response, f"{self.vendor}: too many requests")
        if response.status_code >= 500:
            raise self._uncertain(method, f"answered {response.status_code}")
        return response

    def _failure(self, method: str, error: requests.RequestException) -> Exception:
        if isinstance(error, requests.ConnectionError) and "NewConnectionError" in repr(error):
            return Unavailable(f"{self.vendor}: connection refused")
        return self._uncertain(method, type(error).__name__)

    def _uncertain(self, method: str, what: str) -> Exception:
        kind = Unavailable if method.upper() in READS else Unknown
        return kind(f"{self.vendor}: {what}")


def refuse_inside_transaction() -> None:
    """Raise `CallInTransaction` inside an atomic block; the one that a test case wraps around a test is none."""
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise CallInTransaction(CallInTransaction.__doc__)


def pause(headers: Mapping[str, str]) -> float:
    """Seconds to wait after a 429: by retry-after-ms, Retry-After, X-RateLimit-Reset-*; else one second."""
    seconds = next((value for value in _stated_pauses(headers) if value is not None), DEFAULT_PAUSE)
    return min(max(seconds, 0.1), LONGEST_PAUSE) * random.uniform(1.0, 1.25)


def _stated_pauses(headers: Mapping[str, str]) -> list[float | None]:
    milliseconds = _number(headers.get("retry-after-ms"))
    resets = [value for name, value in headers.items() if name.lower().startswith("x-ratelimit-reset")]
    reset = _number(resets[0]) if resets else None
    if reset is not None and reset > EPOCH_FROM:
        reset -= datetime.now(UTC).timestamp()
    return [
        None if milliseconds is None else milliseconds / 1000,
        _number(headers.get("Retry-After")),
        _date(headers.get("Retry-After")),
        reset,
    ]


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None


def _date(text: str | None) -> float | None:
    try:
        return (email.utils.parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds() if text else None
    except (ValueError, TypeError):
        return None
