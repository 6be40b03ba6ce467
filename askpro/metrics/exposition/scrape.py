"""One scrape: what is known now, within two seconds, whatever is away."""

from collections.abc import Iterable, Iterator
from typing import Final

import redis
from django.conf import settings
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder

from askpro.health.shared import Shared
from askpro.metrics.exposition.families import gauge
from askpro.metrics.exposition.reading import FRESH, Reading
from askpro.queues.ledger.hints import connect

# Seconds that Redis may take.
REDIS_PATIENCE: Final = 0.3


def text(accepted: str) -> tuple[bytes, str]:
    """What Prometheus is told in the best format that it accepts, and that format's content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told([*known()]))
    encode, content_type = choose_encoder(accepted)
    return encode(registry), content_type


def known() -> Iterator[Metric]:
    """Every family; without those of PostgreSQL while it is away, or takes too long."""
    READING.look()
    up = {("postgres",): float(READING.answers)}
    if settings.REDIS_URL:
        up[("redis",)] = float(bool(REDIS.get()))
    yield gauge("askpro_up", "1 if this part of the installation answers.", ["part"], up)
    labels = ["version", "environment"]
    build = {(settings.CODE_VERSION, settings.ENVIRONMENT): 1.0}
    yield gauge("askpro_build_info", "The release that answers.", labels, build)
    yield from READING.families()


class _Told:
    """A collector of what was read before."""

    def __init__(self, told: Iterable[Metric]) -> None:
        self._told = told

    def collect(self) -> Iterable[Metric]:
        return self._told


def _ask_redis() -> bool:
    client = connect(REDIS_PATIENCE)
    try:
        return client is not None and bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        if client is not None:
            client.close()


READING = Reading()
REDIS: Shared[bool] = Shared(_ask_redis, FRESH, REDIS_PATIENCE)
