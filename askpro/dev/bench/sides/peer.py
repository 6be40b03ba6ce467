"""The peer: Dramatiq's RedisBroker with its defaults, including the default middleware."""

from collections.abc import Sequence
from typing import Any

import dramatiq
from django.conf import settings
from dramatiq import Actor
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import GroupCallbacks
from dramatiq.rate_limits.backends import RedisBackend

from askpro.dev.bench import work

QUEUE = "default"
# The environment variables that tell a worker its namespace, and whether groups call back.
NAME = "ASKPRO_BENCH_PEER"
GROUPS = "ASKPRO_BENCH_GROUPS"


class Peer:
    """A broker of its own namespace with the same actors as `askpro.dev.bench.tasks`."""

    def __init__(self, name: str, *, groups: bool = False) -> None:
        namespace = f"{settings.REDIS_KEY_PREFIX}:peer:{name}"
        self.broker: Any = RedisBroker(url=settings.REDIS_URL, namespace=namespace)  # type: ignore[no-untyped-call]
        if groups:
            self.broker.add_middleware(GroupCallbacks(Counters(namespace)))
        self.empty = self._actor(work.nothing)
        self.effect = self._actor(work.leave_effect)
        self.start = self._actor(work.tell_start)

    @property
    def unfinished(self) -> int:
        """The number of messages that wait or are being processed."""
        return int(self.broker.do_qsize(QUEUE))

    def send_pipeline(self, actors: Sequence[Actor[Any, Any]]) -> None:
        """Send one job after another, each when the one before it ends."""
        jobs = [actor.message_with_options(pipe_ignore=True) for actor in actors]
        dramatiq.pipeline(jobs, broker=self.broker).run()  # type: ignore[no-untyped-call]

    def send_group(self, size: int) -> None:
        """Send empty jobs, and one more that runs after all of them."""
        group: Any = dramatiq.group([self.empty.message() for _ in range(size)], broker=self.broker)  # type: ignore[no-untyped-call]
        group.add_completion_callback(self.empty.message())
        group.run()

    def _actor(self, function: Any) -> Actor[Any, Any]:
        declare = dramatiq.actor(broker=self.broker, queue_name=QUEUE)
        return declare(function)


class Counters(RedisBackend):
    """Counts the unfinished jobs of a group. Dramatiq gives these keys no namespace and keeps them for a day."""

    def __init__(self, namespace: str) -> None:
        super().__init__(url=settings.REDIS_URL)
        self._namespace = namespace

    def add(self, key: str, value: int, ttl: int) -> bool:
        return bool(super().add(f"{self._namespace}:{key}", value, ttl))

    def decr(self, key: str, amount: int, minimum: int, ttl: int) -> bool:
        return bool(super().decr(f"{self._namespace}:{key}", amount, minimum, ttl))

    def wait_notify(self, key: str, ttl: int) -> None:
        super().wait_notify(f"{self._namespace}:{key}", ttl)
