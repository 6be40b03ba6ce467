"""What the engine's tests share."""

import json
from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from django.db import connection

from askpro.queues.ledger import hints
from askpro.queues.ledger.database import EngineConnection
from tests.queues import actors  # noqa: F401 - declares them
from tests.queues.queues_run import QueuesRun
from tests.queues.supervised import Supervise


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `also_without_redis` twice: with Redis, and found by age alone."""
    definition, function = metafunc.definition, metafunc.function
    mark = definition.get_closest_marker("also_without_redis")
    is_about_redis = "redis_client" in signature(function).parameters or definition.get_closest_marker("about_redis")
    # Hypothesis holds a property to be one test.
    is_property = hasattr(function, "hypothesis")
    if mark is None or is_about_redis or is_property:
        return
    marks = (pytest.mark.long,) if mark.kwargs.get("if_long") else ()
    with_it, without = pytest.param(True, id="redis"), pytest.param(False, id="without-redis", marks=marks)
    metafunc.parametrize("redis_is_on", [with_it, without], indirect=True)


@pytest.fixture
def redis_is_on(request: pytest.FixtureRequest) -> bool:
    """Whether the engine has a Redis in this test."""
    return bool(getattr(request, "param", True))


@pytest.fixture(scope="session")
def _effect_table(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS effect (name text, number int, at timestamptz DEFAULT clock_timestamp())"
        )


@pytest.fixture(autouse=True)
def effects(_effect_table: None, django_db_blocker: Any) -> Any:
    """A function that lists the names of the effects written so far, in their order."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM effect")

    def names() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM effect ORDER BY at")
            return [row[0] for row in cursor.fetchall()]

    return names


@pytest.fixture(autouse=True)
def redis_client(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, redis_is_on: bool
) -> Iterator["redis.Redis"]:
    """This test process's own Redis database, empty.

    A sender gives up on a slow Redis after a tenth of a second, which is too short for a busy machine; only the tests
    of that time-out, marked `redis_patience`, keep it.
    """
    if not request.node.get_closest_marker("redis_patience"):
        monkeypatch.setattr(hints, "PUSH_TIMEOUT", 5.0)
        monkeypatch.setattr(hints, "PATIENCE", 60.0)
    if request.node.get_closest_marker("no_processes"):
        # No process that another test has left can take hints under a name that it does not know.
        monkeypatch.setattr(settings, "REDIS_KEY_PREFIX", f"askpro-{uuid4().hex[:8]}")
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    if not redis_is_on:
        monkeypatch.setattr(settings, "REDIS_URL", "")
    hints.pusher.cache_clear()
    yield client
    client.close()
    hints.pusher.cache_clear()


@pytest.fixture
def database(transactional_db: None) -> Iterator[EngineConnection]:
    """The engine's connection, as a worker or the chores have one."""
    engine = EngineConnection()
    yield engine
    engine.close()


@pytest.fixture
def supervise(
    transactional_db: None, redis_client: object, child_environment: Callable[..., dict[str, str]], tmp_path: Path
) -> Iterator[Supervise]:
    """Start a `queues_run` with these pools; all of them are gone before the tables are emptied."""
    started: list[QueuesRun] = []

    def run(
        pools: dict[str, dict[str, Any]], wait: bool = True, through: Sequence[str] = (), **environment: str
    ) -> QueuesRun:
        log = tmp_path / f"queues-{len(started)}.log"
        least = sum(
            pool.get("processes") or pool.get("min_processes", 1) * len(pool["queues"]) for pool in pools.values()
        )
        env = child_environment(TEST_POOLS=json.dumps(pools), **environment)
        started.append(QueuesRun(env, log, least))
        return started[-1].start(wait, through)

    yield run
    for queues in started:
        queues.stop()
