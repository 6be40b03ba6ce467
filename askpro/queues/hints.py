"""Redis: one plain list of ready job ids per queue. Every id is a hint; losing one costs a second, never a job."""

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

# Seconds a push may take, connecting included: a hung Redis must not be felt by a web request.
PUSH_TIMEOUT = 0.2
# Seconds without another try after a failure; doubles up to the longest while Redis stays away.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0


class Breaker:
    """Remembers that Redis failed, so that not everybody has to find out by waiting."""

    def __init__(self) -> None:
        self._pause = FIRST_PAUSE
        self._closed_from = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self._closed_from

    def succeeded(self) -> None:
        self._pause = FIRST_PAUSE

    def failed(self, error: Exception) -> None:
        log.warning("Redis is away (%s); jobs are found by age for %.1f s", type(error).__name__, self._pause)
        self._closed_from = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)


class Pusher:
    """Announces ready jobs. Never raises and never waits longer than `PUSH_TIMEOUT` twice."""

    def __init__(self) -> None:
        self._breaker = Breaker()
        self._lock = threading.Lock()
        self._redis = connect(PUSH_TIMEOUT)

    def push(self, ids_by_queue: Mapping[str, Iterable[str]]) -> None:
        if self._redis is None or self._breaker.is_open:
            return
        try:
            for queue_name, ids in ids_by_queue.items():
                self._redis.rpush(key(queue_name), *ids)
            self._breaker.succeeded()
        except redis.RedisError as error:
            self._breaker.failed(error)


class Popper:
    """Takes hints off one queue's list, for one consumer."""

    def __init__(self, queue_name: str, longest_wait: float) -> None:
        self._key = key(queue_name)
        self._breaker = Breaker()
        self._redis = connect(longest_wait + 0.5)

    @property
    def is_away(self) -> bool:
        return self._redis is None or self._breaker.is_open

    def pop(self, count: int, wait: float) -> list[str]:
        """Up to `count` ids; waits up to `wait` seconds for the first. Empty also when Redis fails."""
        # redis-py's types are those of its asyncio twin as well.
        client: Any = self._redis
        try:
            ids = client.lpop(self._key, count)
            if not ids and wait > 0:
                entry = client.blpop([self._key], timeout=wait)
                ids = [entry[1]] if entry else None
            self._breaker.succeeded()
        except redis.RedisError as error:
            self._breaker.failed(error)
            return []
        return [item.decode("ascii", "replace") for item in ids or ()]

    def close(self) -> None:
        if self._redis is not None:
            self._redis.close()


@cache
def pusher() -> Pusher:
    """The process's own; a fork must call `pusher.cache_clear()`."""
    return Pusher()


def connect(timeout: float) -> "redis.Redis | None":
    """A client that fails fast and never retries by itself; None when this installation runs without Redis."""
    if not settings.REDIS_URL:
        return None
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=timeout,
        socket_connect_timeout=PUSH_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


def key(queue_name: str) -> str:
    return f"{settings.REDIS_KEY_PREFIX}:ready:{queue_name}"
