"""How often a link and a network may ask: over all web processes by Redis, by each process alone without it."""

import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import redis
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from askpro.network import network_of, tells_apart
from askpro.queues.ledger import hints

# Seconds in which so many requests may come. Many telephones share one address of a mobile network.
SPAN: Final = 60
OF_A_LINK: Final = 60
OF_A_NETWORK: Final = 600
# Of these, so many may change something.
ACTS_OF_A_LINK: Final = 10
# Seconds that each step of a look into Redis may take.
REDIS_TIMEOUT: Final = 0.12
# How many counters one process keeps without Redis.
MOST_IN_MEMORY: Final = 10_000


def allows(request: HttpRequest, token: str) -> bool:
    """Whether this request is within what its link and its network may ask; counts it."""
    limits = {f"link:{token}": OF_A_LINK}
    if request.method == "POST":
        limits[f"acts:{token}"] = ACTS_OF_A_LINK
    network = network_of(request)
    if tells_apart(network):
        limits[f"network:{network}"] = OF_A_NETWORK
    return _counters().allow(limits)


class Counters:
    """Requests in the current span by name. While Redis fails, each process counts for itself. Never raises."""

    def __init__(self) -> None:
        self._redis: Any = hints.connect(REDIS_TIMEOUT)
        self._breaker = hints.Breaker("requests for customers' pages are counted by each process")
        self._own: dict[str, int] = {}
        self._own_span = 0
        self._lock = threading.Lock()

    def allow(self, limits: Mapping[str, int]) -> bool:
        """Count one for each name; whether all are within their limits."""
        span = int(time.time()) // SPAN
        counts = self._count([_key(name, span) for name in limits], span)
        return all(count <= limit for count, limit in zip(counts, limits.values(), strict=True))

    def _count(self, keys: list[str], span: int) -> list[int]:
        if self._redis is not None and not self._breaker.is_open:
            try:
                counts = self._count_in_redis(keys)
            except redis.RedisError as error:
                self._breaker.failed(error)
            else:
                self._breaker.succeeded()
                return counts
        return self._count_here(keys, span)

    def _count_in_redis(self, keys: list[str]) -> list[int]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.incr(key)
                pipeline.expire(key, 2 * SPAN)
            return [int(count) for count in pipeline.execute()[::2]]

    def _count_here(self, keys: list[str], span: int) -> list[int]:
        with self._lock:
            if span != self._own_span or len(self._own) > MOST_IN_MEMORY:
                self._own, self._own_span = {}, span
            for key in keys:
                self._own[key] = self._own.get(key, 0) + 1
            return [self._own[key] for key in keys]


@cache
def _counters() -> Counters:
    return Counters()


def _key(name: str, span: int) -> str:
    # Links are secrets and networks are personal data: Redis holds neither.
    digest = salted_hmac("appointments.page.allowance", f"{name}:{span}", algorithm="sha256").hexdigest()[:32]
    return f"{settings.REDIS_KEY_PREFIX}:page:{digest}"
