"""The state in Redis, while PostgreSQL is away: the watchers of all hosts still tell once."""

import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import redis
from django.conf import settings

from askpro.watch.sources import redis_client
from askpro.watch.state import State
from askpro.watch.stores import document
from askpro.watch.stores.base import StoreAway, T

# Seconds for a connection and for each answer; and milliseconds after which a watcher that hangs has lost its turn.
SECONDS: Final = 1.0
TURN: Final = 4000
# Days after which nobody needs what nobody has fetched.
KEPT: Final = 7 * 86_400
# Only the watcher whose turn it is writes.
_WRITE: Final = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('del', KEYS[1])
redis.call('set', KEYS[2], ARGV[2], 'EX', ARGV[3])
return 1
"""
_FORGET: Final = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


class RedisStore:
    name = "redis"

    def __init__(self) -> None:
        # One slot of a cluster.
        place = f"{{{settings.REDIS_KEY_PREFIX}:watch}}"
        self._turn, self._state = f"{place}:turn", f"{place}:state"

    def change(self, change: Callable[[State], T], also: Collection[UUID] = ()) -> T:
        if not settings.REDIS_URL:
            raise StoreAway("Redis is not configured")
        token = secrets.token_hex(8)
        try:
            with redis_client(SECONDS) as client:
                if not client.set(self._turn, token, nx=True, px=TURN):
                    raise StoreAway("another watcher has its turn")
                try:
                    state = document.read(_text(client.get(self._state)))
                    result = change(state)
                except BaseException:
                    client.eval(_FORGET, 1, self._turn, token)
                    raise
                if not client.eval(_WRITE, 2, self._turn, self._state, token, document.written(state), KEPT):
                    raise StoreAway("it took too long, and another watcher had its turn")
                return result
        except (redis.RedisError, OSError) as error:
            raise StoreAway("Redis") from error

    def left(self) -> str:
        """What is in it; empty when nothing is, or when it does not answer."""
        if settings.REDIS_URL:
            with suppress(redis.RedisError, OSError), redis_client(SECONDS) as client:
                return _text(client.get(self._state))
        return ""

    def forget(self, text: str) -> None:
        """Empty it, unless it has changed."""
        with suppress(redis.RedisError, OSError), redis_client(SECONDS) as client:
            client.eval(_FORGET, 1, self._state, text)


def _text(stored: Any) -> str:
    return stored.decode("utf-8", "replace") if isinstance(stored, bytes) else str(stored or "")
