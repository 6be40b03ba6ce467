"""Outgoing HTTP: one client per vendor, always with bounds; failures are raised as `askpro.queues.errors`."""

import email.utils
import json as json_text
import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.db import connection
from urllib3.exceptions import HTTPError

from askpro import outside
from askpro.connections import Adapter, NotConnected
from askpro.correlation import headers as correlation_headers
from askpro.deadline import NoTime, deadline, seconds_left
from askpro.metrics.exchange import Result, by_status, exchange
from askpro.metrics.routes import Routes
from askpro.queues.errors import JobError, RateLimited, Rejected, Unavailable, Unknown, Unreached
from askpro.queues.ledger.gates import Gate

READS = frozenset({"GET", "HEAD"})
# These prove that the request was not passed on, whether the vendor or a proxy answered; with all others it may have
# taken effect.
NOT_HANDED_ON = frozenset({400, 401, 403, 404, 405, 406, 407, 411, 413, 414, 415, 417, 421, 426, 428, 431, 451})
CHUNK = 64 * 1024
# If the vendor names no pause, it is one second, jittered; an absurdly long one is cut to an hour.
DEFAULT_PAUSE = 1.0
LONGEST_PAUSE = 3600.0
# Cal.com's X-RateLimit-Reset is in seconds by its source code, a Unix time by one of its pages: above this, the latter.
EPOCH_FROM = 1e9
NO_ROUTES = Routes()
# Seconds after which a request without an answer speaks against the other side, however little time the caller has.
FAIR_TIME = 2.0


class CallInTransaction(RuntimeError):
    """An outside call inside a database transaction: its locks would be held for as long as the vendor takes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer, within the client's limit of bytes."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status_code < 300

    def json(self) -> Any:
        """The body, parsed; None when it is not JSON."""
        try:
            return json_text.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Throttled(RateLimited):
    """A 429. Its `response` says which limit was hit, where the vendor has several."""

    def __init__(self, response: Answer, reason: str) -> None:
        super().__init__(pause(response.headers), reason)
        self.response = response


class KeyRefused(Rejected):
    """The vendor refuses the key: it refuses every request with it, until somebody enters another."""


class OutOfCredit(Rejected):
    """The vendor wants to be paid: it refuses every request until then."""


class Client:
    """HTTP to one vendor over kept-alive connections, each exchange done within VENDOR_TIMEOUT seconds, and no answer
    above `largest` bytes (0: VENDOR_MAX_BYTES) read.

    Each passes the vendor's gate first, which raises `GateShut` while no request may be made. Answers below 300 are
    returned, and so are refusals below 500 in the vendor's own format, which `speaks` recognises: the vendor's file
    knows what they mean. The rest raises `Throttled` (429), `Unavailable` (it certainly did not happen, or was only a
    question) or `Unknown` (a write that may have happened). A proxy's page never counts as the vendor's answer.
    Metrics count each exchange under its route; `refusal` says what a refusal means to them.
    """

    def __init__(
        self,
        vendor: str,
        base_url: str,
        *,
        speaks: Callable[[Answer], bool],
        gate: Gate,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        largest: int = 0,
        routes: Routes = NO_ROUTES,
        refusal: Callable[[Answer], Result] = lambda answer: by_status(answer.status_code),
    ) -> None:
        self.vendor = vendor
        self._label = "".join(filter(str.isalnum, vendor)).lower()
        self.base_url = base_url.rstrip("/")
        self.speaks = speaks
        self.gate = gate
        self.largest = largest
        self.routes = routes
        self.refusal = refusal
        self.session = requests.Session()
        # The environment's proxies and .netrc must not decide where a tenant's data goes.
        self.session.trust_env = False
        self.session.headers.update(headers or {})
        self.session.auth = auth
        adapter = Adapter()
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
    ) -> Answer:
        refuse_inside_transaction()
        outside.leaving(method, urlsplit(self.base_url).netloc, self.routes.of(method, path).partition(" ")[2])
        if _is_over():
            raise _hurried(Unavailable(f"{self.vendor}: no time was left to ask"))
        told = {**correlation_headers(), **(headers or {})}
        with self.gate.passing(), exchange(self._label, self.routes.of(method, path)) as noted:
            answer = self._exchange(method, path, params=params, json=json, data=data, headers=told)
            noted.result = Result.OK if answer.ok else self.refusal(answer)
            return answer

    def _exchange(self, method: str, path: str, **values: Any) -> Answer:
        began = time.monotonic()
        largest = self.largest or settings.VENDOR_MAX_BYTES
        try:
            with deadline(settings.VENDOR_TIMEOUT, largest):
                answer = _read(
                    self.session.request(
                        method,
                        self.base_url + path,
                        **values,
                        timeout=(settings.VENDOR_CONNECT_TIMEOUT, settings.VENDOR_TIMEOUT),
                        allow_redirects=False,
                        stream=True,
                    ),
                    largest,
                )
        except (requests.RequestException, HTTPError) as error:
            failure = self._failure(method, error)
            is_hurried = _is_over() and time.monotonic() - began < FAIR_TIME
            raise (_hurried(failure) if is_hurried else failure) from error
        if answer.status_code == 429:
            raise Throttled(answer, f"{self.vendor}: too many requests")
        if answer.ok or (400 <= answer.status_code < 500 and self.speaks(answer)):
            return answer
        raise self._nobodys_word(method, answer.status_code)

    def _failure(self, method: str, error: requests.RequestException | HTTPError) -> JobError:
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        if isinstance(reason, NotConnected) or isinstance(error, requests.ConnectTimeout):
            return Unreached(f"{self.vendor}: {getattr(reason, 'words', 'no connection in time')}")
        return self._uncertain(method, type(error).__name__)

    def _nobodys_word(self, method: str, status: int) -> JobError:
        if status < 400:
            return Unavailable(f"{self.vendor}: answered with a redirect ({status}): is its base URL right?")
        if status in NOT_HANDED_ON:
            return Unavailable(f"{self.vendor}: another server answered for it ({status})")
        return self._uncertain(method, f"answered {status}")

    def _uncertain(self, method: str, what: str) -> JobError:
        kind = Unavailable if method.upper() in READS else Unknown
        return kind(f"{self.vendor}: {what}")


def _is_over() -> bool:
    """Whether the caller's own time is over, of which an exchange may have only a part."""
    try:
        seconds_left()
    except NoTime:
        return True
    return False


def _hurried(error: JobError) -> JobError:
    error.is_hurried = True
    return error


def refuse_inside_transaction() -> None:
    """Raise `CallInTransaction` inside an atomic block; the one that a test case wraps around a test is exempt."""
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


def _read(response: requests.Response, largest: int) -> Answer:
    """Read the body up to the cap, counted after unpacking: a small answer may unpack to a large one."""
    body = bytearray()
    try:
        for chunk in response.iter_content(CHUNK):
            body += chunk
            if len(body) > largest:
                raise requests.exceptions.ContentDecodingError(f"larger than {largest} bytes")
    except BaseException:
        # A connection with a half-read answer cannot serve another request.
        response.raw.close()
        raise
    finally:
        response.close()
    return Answer(response.status_code, response.headers, bytes(body))
