"""Reading `askpro/queue_settings.py`: queues, pools, and what is wrong with them."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


class InvalidQueueSettings(ValueError):
    """`askpro/queue_settings.py` says something that cannot be meant; the message names the fix."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Worker processes that share a set of queues."""

    name: str
    queues: tuple[str, ...]
    processes: int = 1
    threads: int = 1
    nice: int = 0

    def __post_init__(self) -> None:
        if unknown := set(self.queues) - set(queue_names()):
            raise InvalidQueueSettings(
                f"Pool {self.name!r} works {sorted(unknown)}, which QUEUES does not name; add or correct it."
            )
        if not self.queues or self.processes < 1 or self.threads < 1:
            raise InvalidQueueSettings(f"Pool {self.name!r} needs a queue, and at least one process and one thread.")


@cache
def queue_names() -> tuple[str, ...]:
    """Every declared queue. Sending to any other is an error."""
    return tuple(_setting("QUEUES"))


def promise(queue_name: str) -> float:
    """How old, in seconds, the oldest ready job of this queue may get."""
    return float(_setting("QUEUES")[queue_name]["promise"])


def limit(name: str) -> tuple[int, float]:
    """A named rate limit: starts, and the seconds in which there may be so many. Raises `InvalidQueueSettings`."""
    limits: Mapping[str, tuple[int, float]] = _setting("LIMITS")
    if name not in limits:
        raise InvalidQueueSettings(f"No rate limit {name!r} in LIMITS; known: {', '.join(limits) or 'none'}.")
    return limits[name]


def pools(environment: str) -> list[Pool]:
    """The pools of an environment. Raises `InvalidQueueSettings`."""
    environments: Mapping[str, Any] = _setting("ENVIRONMENTS")
    if environment not in environments:
        raise InvalidQueueSettings(
            f"No environment {environment!r} in ENVIRONMENTS; known: {', '.join(environments)}. Set ASKPRO_ENV."
        )
    return [_pool(name, words) for name, words in environments[environment].items()]


def unworked_queues(environment: str) -> set[str]:
    """Declared queues that no pool of the environment works: their jobs would wait for ever."""
    return set(queue_names()) - {queue for pool in pools(environment) for queue in pool.queues}


def _pool(name: str, words: Mapping[str, Any]) -> Pool:
    known = {field.name for field in fields(Pool)} - {"name"}
    for word in set(words) - known:
        near = difflib.get_close_matches(word, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(sorted(known))}."
        raise InvalidQueueSettings(f"Pool {name!r} has an unknown key {word!r}.{hint}")
    return Pool(name, **{**words, "queues": tuple(words["queues"])})


def _setting(name: str) -> Any:
    return import_string(f"{getattr(settings, 'QUEUE_SETTINGS', 'askpro.queue_settings')}.{name}")
