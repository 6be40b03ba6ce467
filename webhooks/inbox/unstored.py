"""Counts the webhooks that were answered 503 because PostgreSQL was away, so that AskPro looks at once when it is back.

The counts wait in Redis, where any process finds them; without Redis in the memory of the process that refused.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Final, TypeVar, cast

import redis
from django.conf import settings
from django.db import transaction

from askpro.by_name import job
from askpro.queues.ledger.hints import Breaker, connect
from webhooks.models import Provider, RefusedWebhook

log = logging.getLogger(__name__)
T = TypeVar("T")

# Seconds for each step of a command. A vendor waits for its 503 meanwhile.
TIMEOUT: Final = 0.12
# The job that asks the vendor for what was refused. Twilio is asked for each message on its own.
ASKS: Final[Mapping[str, str]] = {
    Provider.RETELL: "sync_all_retell_calls",
    Provider.CALCOM: "sync_all_calcom_data",
}

# Seconds after a refusal for which this process counts as one that refuses, unless it stores something meanwhile.
LATELY: Final = 10.0

_lock = threading.Lock()
_refused_at: float | None = None
_memory: Counter[str] = Counter()
_breaker = Breaker()


def note(provider: str) -> None:
    """Count one; never raises, and never waits longer than two of Redis's time-outs."""
    global _refused_at
    _refused_at = time.monotonic()
    with _lock:
        _memory[f"{provider} {datetime.now(UTC):%Y-%m-%dT%H}"] += 1
    _move_to_redis()


def note_stored() -> None:
    """A webhook was stored: this process refuses none now."""
    global _refused_at
    _refused_at = None


def were_refused_lately() -> bool:
    """Whether the last webhook that came to this process was refused, within the last seconds."""
    return (at := _refused_at) is not None and time.monotonic() - at < LATELY


def record() -> int:
    """Write the counts to PostgreSQL and send the jobs that ask the vendors; returns how many requests there were.

    A sweeper calls it, and the door as soon as it has stored something again.
    """
    found = _taken()
    if not found:
        return 0
    try:
        with transaction.atomic():
            _write(found)
    except Exception:
        with _lock:
            _memory.update(found)
        raise
    return found.total()


def are_waiting() -> bool:
    """Whether this process still has counts in its memory."""
    return bool(_memory)


def waiting() -> Counter[str]:
    """How many of each vendor wait in Redis to be written; none while Redis is away."""

    def look(client: "redis.Redis") -> dict[bytes, bytes]:
        return cast(dict[bytes, bytes], client.hgetall(_key()))

    found: Counter[str] = Counter()
    for name, count in (_asking_redis(look) or {}).items():
        found[name.decode().partition(" ")[0]] += int(count)
    return found


def _write(found: Counter[str]) -> None:
    for name, count in sorted(found.items()):
        provider, _, hour = name.partition(" ")
        RefusedWebhook.count_unstored(provider, datetime.fromisoformat(f"{hour}:00+00:00"), count)
        log.warning("%d webhooks of %s were refused at %s:00Z: the database was away", count, provider, hour)
    for provider in sorted({name.partition(" ")[0] for name in found}):
        if provider in ASKS:
            job(ASKS[provider]).send()


def _move_to_redis() -> None:
    with _lock:
        counts = Counter(_memory)
        _memory.clear()

    def push(client: "redis.Redis") -> bool:
        with client.pipeline(transaction=True) as pipeline:
            for name, count in counts.items():
                pipeline.hincrby(_key(), name, count)
            pipeline.execute()
        return True

    if counts and not _asking_redis(push):
        with _lock:
            _memory.update(counts)


def _taken() -> Counter[str]:
    """All counts, which are then nowhere else."""
    with _lock:
        found = Counter(_memory)
        _memory.clear()

    def pull(client: "redis.Redis") -> dict[bytes, bytes]:
        with client.pipeline(transaction=True) as pipeline:
            pipeline.hgetall(_key())
            pipeline.delete(_key())
            counts: dict[bytes, bytes] = pipeline.execute()[0]
        return counts

    for name, count in (_asking_redis(pull) or {}).items():
        found[name.decode()] += int(count)
    return found


def _asking_redis(ask: Callable[["redis.Redis"], T]) -> T | None:
    """Its answer; None while Redis is away, or where there is none."""
    client = _client(settings.REDIS_URL)
    if client is None or _breaker.is_open:
        return None
    try:
        answer = ask(client)
    except redis.RedisError as error:
        _breaker.failed(error)
        return None
    _breaker.succeeded()
    return answer


@cache
def _client(url: str) -> "redis.Redis | None":
    return connect(TIMEOUT)


def _key() -> str:
    return f"{settings.REDIS_KEY_PREFIX}:webhooks-unstored"
