"""Webhooks out of the sandbox: signed as the vendors sign, sent now or later, each delivery recorded."""

import base64
import hashlib
import heapq
import hmac
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urldefrag

import requests

TIMEOUT = 10.0
SENDERS = 8
KEPT = 5_000


@dataclass
class Delivery:
    """One attempt; `status` is 0 when no answer came, and `error` says why."""

    id: int
    provider: str
    event: str
    subject: str
    url: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    status: int = 0
    error: str = ""
    milliseconds: float = 0.0
    answer: bytes = field(default=b"", repr=False)
    at: str = ""

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    def listed(self) -> dict[str, Any]:
        names = ("id", "provider", "event", "subject", "url", "status", "error", "milliseconds", "at")
        return {name: getattr(self, name) for name in names} | {"body": self.body.decode(errors="replace")}


class Courier:
    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._order = itertools.count()
        self._deliveries: deque[Delivery] = deque(maxlen=KEPT)
        self._sessions = threading.local()
        self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="courier")
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._woken = threading.Condition()
        threading.Thread(target=self._keep_time, name="courier-clock", daemon=True).start()

    def post(
        self, provider: str, event: str, subject: str, url: str, body: bytes, headers: Mapping[str, str]
    ) -> Delivery:
        """Send once and wait for the answer. Never raises: a failure is a delivery without a status."""
        delivery = Delivery(next(self._ids), provider, event, subject, url, body, dict(headers))
        delivery.at = datetime.now(UTC).isoformat(timespec="milliseconds")
        started = time.perf_counter()
        try:
            answer = self._session().post(
                urldefrag(url).url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
            delivery.status, delivery.answer = answer.status_code, answer.content
        except requests.RequestException as error:
            delivery.error = type(error).__name__
        delivery.milliseconds = round((time.perf_counter() - started) * 1000, 1)
        self._deliveries.append(delivery)
        return delivery

    def later(self, seconds: float, step: Callable[[], object]) -> None:
        """Run `step` on a thread of the courier after `seconds`, unless a reset comes first."""
        with self._woken:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), step))
            self._woken.notify()

    def repeat(self, delivery_id: int) -> Delivery | None:
        """Send the same bytes with the same signature again."""
        found = next((delivery for delivery in list(self._deliveries) if delivery.id == delivery_id), None)
        if found is None:
            return None
        return self.post(found.provider, found.event, found.subject, found.url, found.body, found.headers)

    def listed(self) -> list[dict[str, Any]]:
        return [delivery.listed() for delivery in list(self._deliveries)]

    def reset(self) -> None:
        with self._woken:
            self._due.clear()
            self._deliveries.clear()

    def _session(self) -> requests.Session:
        session = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = requests.Session()
            session.trust_env = False
        return session

    def _keep_time(self) -> None:
        while True:
            with self._woken:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._woken.wait(max(0.0, self._due[0][0] - time.monotonic()) if self._due else None)
                step = heapq.heappop(self._due)[2]
            self._pool.submit(step)


def retell_signature(key: str, body: bytes, milliseconds: int | None = None) -> str:
    """`v=<unix ms>,d=<hex>` over body and time, contract retell.md §4."""
    stamp = str(int(time.time() * 1000) if milliseconds is None else milliseconds)
    return f"v={stamp},d={hmac.new(key.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()}"


def calcom_signature(secret: str, body: bytes) -> str:
    """Bare hex, contract calcom.md §4.1."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def twilio_signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """Base64 over the URL without its fragment and the sorted fields, contract twilio.md §5."""
    signed = urldefrag(url).url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
