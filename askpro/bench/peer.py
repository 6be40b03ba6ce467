"""The peer: Dramatiq's RedisBroker as it comes, with its default middleware."""

from typing import Any

import dramatiq
from django.conf import settings
from dramatiq import Actor
from dramatiq.brokers.redis import RedisBroker

from askpro.bench import work

QUEUE = "default"
# The environment variable that names the namespace to a worker.
NAME = "ASKPRO_BENCH_PEER"


class Peer:
    """A broker of its own namespace with the same three actors as `askpro.bench.tasks`."""

    def __init__(self, name: str) -> None:
        namespace = f"{settings.REDIS_KEY_PREFIX}:peer:{name}"
        self.broker: Any = RedisBroker(url=settings.REDIS_URL, namespace=namespace)  # type: ignore[no-untyped-call]
        self.empty = self._actor(work.nothing)
        self.effect = self._actor(work.leave_effect)
        self.start = self._actor(work.tell_start)

    @property
    def unfinished(self) -> int:
        """Messages that wait or are being worked on."""
        return int(self.broker.do_qsize(QUEUE))

    def _actor(self, function: Any) -> Actor[Any, Any]:
        declare = dramatiq.actor(broker=self.broker, queue_name=QUEUE)
        return declare(function)
