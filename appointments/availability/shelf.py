"""Where free times are kept for a short while: in Redis, or in this process while Redis is away or not wanted."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, Protocol, TypeVar

import redis
from django.conf import settings

from askpro.queues.ledger import hints

# Seconds that a version outlives its last change: longer than anything that is kept under it.
VERSION_FOR: Final = 24 * 3600
# Seconds that each step of a look into Redis may take.
REDIS_TIMEOUT: Final = 0.12
# How many values this process keeps without Redis.
MOST_IN_MEMORY: Final = 5_000

Result = TypeVar("Result")


class Store(Protocol):
    def read(self, keys: Sequence[str]) -> list[bytes | None]: ...

    def write(self, values: Mapping[str, bytes], seconds: float) -> None: ...

    def claim(self, key: str, seconds: float) -> bool:
        """Write this key if it is missing; whether it was."""
        ...

    def drop(self, key: str) -> None: ...

    def version(self, key: str) -> str:
        """The version of this name, begun if it is missing: where no earlier one can have been, so that nothing that
        was kept under one that was lost counts again."""
        ...

    def raise_version(self, key: str) -> None: ...


class Shelf:
    """One store for all processes; while it fails, each process has its own. No method raises."""

    def __init__(self) -> None:
        client = hints.connect(REDIS_TIMEOUT)
        self._shared = RedisStore(client) if client is not None else None
        self._own = MemoryStore()
        self._breaker = hints.Breaker("free times are kept by each process")

    def read(self, keys: Sequence[str]) -> list[bytes | None]:
        return self._do(lambda store: store.read(keys))

    def write(self, values: Mapping[str, bytes], seconds: float) -> None:
        self._do(lambda store: store.write(values, seconds))

    def claim(self, key: str, seconds: float) -> bool:
        return self._do(lambda store: store.claim(key, seconds))

    def drop(self, key: str) -> None:
        self._do(lambda store: store.drop(key))

    def version(self, key: str) -> str:
        return self._do(lambda store: store.version(key))

    def raise_version(self, key: str) -> None:
        # Also here: what this process kept during an outage is as old.
        self._own.raise_version(key)
        self._do(lambda store: store.raise_version(key))

    def _do(self, act: Callable[[Store], Result]) -> Result:
        if self._shared is not None and not self._breaker.is_open:
            try:
                result = act(self._shared)
            except redis.RedisError as error:
                self._breaker.failed(error)
            else:
                self._breaker.succeeded()
                return result
        return act(self._own)


class RedisStore:
    def __init__(self, client: "redis.Redis") -> None:
        self._redis: Any = client

    def read(self, keys: Sequence[str]) -> list[bytes | None]:
        found: list[bytes | None] = self._redis.mget([_named(key) for key in keys])
        return found

    def write(self, values: Mapping[str, bytes], seconds: float) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            for key, value in values.items():
                pipeline.set(_named(key), value, px=int(seconds * 1000))
            pipeline.execute()

    def claim(self, key: str, seconds: float) -> bool:
        return bool(self._redis.set(_named(key), b"", nx=True, px=int(seconds * 1000)))

    def drop(self, key: str) -> None:
        self._redis.delete(_named(key))

    def version(self, key: str) -> str:
        number = self._redis.get(_named(key))
        if number is None:
            self._redis.set(_named(key), _first_version(), nx=True, ex=VERSION_FOR)
            number = self._redis.get(_named(key))
        return (number or b"").decode()

    def raise_version(self, key: str) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.set(_named(key), _first_version(), nx=True)
            pipeline.incr(_named(key))
            pipeline.expire(_named(key), VERSION_FOR)
            pipeline.execute()


class MemoryStore:
    def __init__(self) -> None:
        self._values: dict[str, tuple[float, bytes]] = {}
        self._lock = threading.Lock()

    def read(self, keys: Sequence[str]) -> list[bytes | None]:
        with self._lock:
            return [self._get(key) for key in keys]

    def write(self, values: Mapping[str, bytes], seconds: float) -> None:
        with self._lock:
            for key, value in values.items():
                self._put(key, value, seconds)

    def claim(self, key: str, seconds: float) -> bool:
        with self._lock:
            if self._get(key) is not None:
                return False
            self._put(key, b"", seconds)
            return True

    def drop(self, key: str) -> None:
        with self._lock:
            self._values.pop(key, None)

    def version(self, key: str) -> str:
        with self._lock:
            if self._get(key) is None:
                self._put(key, str(_first_version()).encode(), VERSION_FOR)
            return (self._get(key) or b"").decode()

    def raise_version(self, key: str) -> None:
        with self._lock:
            number = int(self._get(key) or _first_version())
            self._put(key, str(number + 1).encode(), VERSION_FOR)

    def _get(self, key: str) -> bytes | None:
        ends_at, value = self._values.get(key, (0.0, b""))
        return value if ends_at > time.monotonic() else None

    def _put(self, key: str, value: bytes, seconds: float) -> None:
        if len(self._values) >= MOST_IN_MEMORY:
            self._values.clear()
        self._values[key] = (time.monotonic() + seconds, value)


@cache
def shelf() -> Shelf:
    """This process's shelf."""
    return Shelf()


def _first_version() -> int:
    return time.time_ns() // 1_000_000


def _named(key: str) -> str:
    return f"{settings.REDIS_KEY_PREFIX}:free:{key}"
