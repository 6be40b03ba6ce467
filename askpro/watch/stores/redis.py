"""The state in Redis, while PostgreSQL is away: the watchers of all hosts still tell once."""

import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final
from uuid import UUID

import redis
from django.conf import settings

from askpro.watch.sources import redis_client
from askpro.watch.state import State
from askpro.watch.stores import document
from askpro.watch.stores.base import StoreAway, StoreSilent, T

# Seconds for a connection and for each answer.
SECONDS: Final = 1.0
# Milliseconds after which a watcher that hangs or was killed has lost its turn, and seconds for which another waits for
# it: longer than that, or it would tell for itself what the one before it has told.
TURN: Final = 2000
PATIENCE: Final = 2.5
PAUSE: Final = 0.02
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
        place = f"{settings.REDIS_KEY_PREFIX}:watch"
        self._turn, self._state = f"{place}:turn", f"{place}:state"

    def change(self, change: Callable[[State], T], also: Collection[UUID] = ()) -> T:
        if not settings.REDIS_URL:
            raise StoreAway("Redis is not configured")
        token = secrets.token_hex(8)
        with _answering(), redis_client(SECONDS) as client:
            self._await_turn(client, token)
            try:
                state = document.read(_text(client.get(self._state)))
                result = change(state)
            except BaseException:
                client.eval(_FORGET, 1, self._turn, token)
                raise
            if not client.eval(_WRITE, 2, self._turn, self._state, token, document.written(state), KEPT):
                raise StoreAway("it took too long, and another watcher had its turn")
            return result

    def left(self) -> str:
        """What is in it; empty when nothing is, or when it is away."""
        if not settings.REDIS_URL:
            return ""
        try:
            with _answering(), redis_client(SECONDS) as client:
                return _text(client.get(self._state))
        except StoreSilent:
            raise
        except StoreAway:
            return ""

    def forget(self, text: str) -> None:
        """Empty it, unless it has changed."""
        with suppress(redis.RedisError, OSError), redis_client(SECONDS) as client:
            client.eval(_FORGET, 1, self._state, text)

    def _await_turn(self, client: redis.Redis, token: str) -> None:
        ends_at = time.monotonic() + PATIENCE
        while not client.set(self._turn, token, nx=True, px=TURN):
            if time.monotonic() >= ends_at:
                raise StoreAway("other watchers have their turn")
            time.sleep(PAUSE)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (redis.TimeoutError, TimeoutError) as error:
        raise StoreSilent("Redis") from error
    except (redis.RedisError, OSError) as error:
        raise StoreAway("Redis") from error


def _text(stored: Any) -> str:
    return stored.decode("utf-8", "replace") if isinstance(stored, bytes) else str(stored or "")
