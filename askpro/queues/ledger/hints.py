"""Redis: one plain list of ready job ids per queue. Every id is a hint; losing one costs a second, never a job."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import redis
from django.conf import settings

from askpro.queues.ledger import redis_address

log = logging.getLogger(__name__)

# Seconds that each step of a push may take (connect, log in, select, push; almost always the last one alone):
# whatever Redis does, a web request must not wait for it longer than half a second.
PUSH_TIMEOUT = 0.12
# A push that takes longer than SLOW_PUSH seconds is slow. When the slow pushes of one second add up to PATIENCE
# seconds, Redis counts as away.
SLOW_PUSH = 0.02
PATIENCE = 0.2
# Seconds without another try after a failure; doubles up to the longest while Redis stays away.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0


class SlowRedis(Exception):
    """Every answer came in time, and yet senders waited too long."""


class Breaker:
    """Remembers that Redis failed, so that not every caller has to find out by waiting."""

    def __init__(self, meanwhile: str = "jobs are found by age") -> None:
        self._meanwhile = meanwhile
        self._pause = FIRST_PAUSE
        self._closed_from = 0.0
        self._waited = 0.0
        self._waited_since = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self._closed_from

    def succeeded(self) -> None:
        self._pause = FIRST_PAUSE

    def took(self, seconds: float) -> None:
        """Record how long a successful push took: many answers just in time add up to a long wait."""
        if seconds < SLOW_PUSH:
            return self.succeeded()
        now = time.monotonic()
        if now - self._waited_since > 1.0:
            self._waited, self._waited_since = 0.0, now
        self._waited += seconds
        if self._waited > PATIENCE:
            self.failed(SlowRedis())
        return None

    def failed(self, error: Exception) -> None:
        facts = type(error).__name__, self._meanwhile, self._pause
        log.warning("Redis is away (%s); %s for %.1f s", *facts, extra={"cause": error})
        self._closed_from = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)


class Pusher:
    """Announces ready jobs. Never raises, and gives up on a slow Redis before a web request feels it."""

    def __init__(self) -> None:
        self._breaker = Breaker()
        self._redis = connect(PUSH_TIMEOUT)

    def push(self, ids_by_queue: Mapping[str, Iterable[str]]) -> None:
        if self._redis is None or self._breaker.is_open:
            return
        began = time.monotonic()
        try:
            if len(ids_by_queue) == 1:
                ((queue_name, ids),) = ids_by_queue.items()
                self._redis.rpush(key(queue_name), *ids)
            else:
                self._push_together(self._redis, ids_by_queue)
            self._breaker.took(time.monotonic() - began)
        except redis.RedisError as error:
            self._breaker.failed(error)

    @staticmethod
    def _push_together(client: "redis.Redis", ids_by_queue: Mapping[str, Iterable[str]]) -> None:
        with client.pipeline(transaction=False) as pipeline:
            for queue_name, ids in ids_by_queue.items():
                pipeline.rpush(key(queue_name), *ids)
            pipeline.execute()


class Popper:
    """Takes hints off one queue's list, for one consumer."""

    def __init__(self, queue_name: str, longest_wait: float) -> None:
        self._key = key(queue_name)
        self._breaker = Breaker()
        self._redis = connect(longest_wait + 0.5)
        # Kept all the time: what the client does around each command costs an idle worker more than the command itself.
        self._connection: Any = None
        # The last look found nothing. Then only BLPOP is sent, so an idle queue costs one command per wait, not two.
        self._is_idle = False
        # How many ids the last `pop` has left.
        self.left = 0
        # The ids that were given last, and those that were put back.
        self._given: list[str] = []
        self._back: list[str] = []

    @property
    def is_away(self) -> bool:
        return self._redis is None or self._breaker.is_open

    def pop(self, count: int) -> list[str]:
        """Up to `count` ids that are there now. Empty also when Redis fails, and unasked after a wait for nothing."""
        self.left = 0
        self._given, self._back = self._back[:count], self._back[count:]
        if len(self._given) < count and not self._is_idle:
            answers = self._read(("LPOP", self._key, count - len(self._given)), ("LLEN", self._key))
            if answers:
                popped, self.left = answers
                self._given += self._texts(popped)
        return self._given

    def await_one(self, wait: float) -> list[str]:
        """The next id, after at most `wait` seconds, if there is any. Empty also when Redis fails."""
        answers = self._read(("BLPOP", self._key, wait)) if wait > 0 else []
        self._given = self._texts(answers[0])[1:] if answers else []
        return self._given

    def put_back(self) -> None:
        """Give the last ids again next time: nobody has looked at their jobs."""
        self._back, self._given = self._given + self._back, []

    def close(self) -> None:
        self._disconnect()
        if self._redis is not None:
            self._redis.close()

    def _read(self, *commands: tuple[str | float, ...]) -> list[Any]:
        """The answers to commands that are sent together; none when Redis fails."""
        try:
            answers = self._ask(commands)
        except redis.RedisError as error:
            # An answer that was not read would be taken for the next command's.
            self._disconnect()
            self._breaker.failed(error)
            return []
        self._breaker.succeeded()
        return answers

    def _ask(self, commands: tuple[tuple[str | float, ...], ...]) -> list[Any]:
        if self._connection is None:
            assert self._redis is not None
            self._connection = self._redis.connection_pool.get_connection()
        self._connection.send_packed_command(self._connection.pack_commands(commands), check_health=False)
        return [self._connection.read_response() for _ in commands]

    def _disconnect(self) -> None:
        """Let the pool open the next connection: it may lead elsewhere, after a failover."""
        if self._connection is not None and self._redis is not None:
            self._connection.disconnect()
            self._redis.connection_pool.release(self._connection)
            self._connection = None

    def _texts(self, answer: Sequence[bytes] | None) -> list[str]:
        self._is_idle = not answer
        return [item.decode("ascii", "replace") for item in answer or ()]


def announce(ready: Iterable[tuple[str, str]]) -> int:
    """Push (id, queue) pairs of jobs whose readiness is committed; returns how many."""
    by_queue: dict[str, list[str]] = {}
    for job_id, queue_name in ready:
        by_queue.setdefault(queue_name, []).append(job_id)
    if by_queue:
        pusher().push(by_queue)
    return sum(map(len, by_queue.values()))


@cache
def pusher() -> Pusher:
    """This process's pusher; a forked child must call `pusher.cache_clear()`."""
    return Pusher()


def connect(timeout: float) -> "redis.Redis | None":
    """A client that fails fast and never retries by itself; None when this installation runs without Redis."""
    if not settings.REDIS_URL:
        return None
    return redis_address.client(
        settings.REDIS_URL,
        socket_timeout=timeout,
        socket_connect_timeout=PUSH_TIMEOUT,
        health_check_interval=0,
        driver_info=None,  # saves two round trips for each new connection
    )


def key(queue_name: str) -> str:
    return f"{settings.REDIS_KEY_PREFIX}:ready:{queue_name}"
