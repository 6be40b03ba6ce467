"""A small shop moves from Dramatiq, and from Celery, to the engine: the same is noted before and after."""

import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dramatiq
import pytest
import redis
from django.conf import settings
from dramatiq import Worker, get_broker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import GroupCallbacks
from dramatiq.rate_limits.backends import RedisBackend

from askpro.dev.bench.peers import installation
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from tests.moving import shop

HERE = Path(__file__).resolve().parent
NOTED = [
    "apologised for 2: CardDeclined",
    "asked the carrier for 1",
    "asked the carrier for 1",
    "charged 1",
    "closed mailing 7",
    "reminded of 1",
    "reminded of 2",
    "shipped 1",
    "wrote to 11",
    "wrote to 12",
    "wrote to 13",
]


@pytest.fixture(autouse=True)
def book(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file of the shop's notes, empty."""
    path = tmp_path / "notes"
    monkeypatch.setenv("SHOP", str(path))
    return path


@pytest.fixture
def forget() -> Iterator[None]:
    """Actors that a shop declares are removed after the test."""
    known = set(get_broker().actors)
    yield
    for name in set(get_broker().actors) - known:
        del get_broker().actors[name]


@pytest.fixture
def redis_client() -> Iterator["redis.Redis"]:
    """This test process's own Redis database, empty again after the test."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def redis_broker(monkeypatch: pytest.MonkeyPatch, redis_client: object) -> Iterator[RedisBroker]:
    """Dramatiq's broker, the process's own for as long as the test lasts."""
    url, namespace = settings.REDIS_URL, f"{settings.REDIS_KEY_PREFIX}-shop"
    broker = RedisBroker(url=url, namespace=namespace)
    broker.add_middleware(GroupCallbacks(RedisBackend(url=url)))
    monkeypatch.setattr(dramatiq.broker, "global_broker", broker)
    yield broker
    broker.close()


def shop_of(name: str) -> dict[str, Any]:
    """What a shop's file defines; its actors are declared."""
    return runpy.run_path(str(HERE / f"{name}.py"))


def trade(jobs: dict[str, Any]) -> None:
    jobs["place"](1)
    jobs["place"](2)
    jobs["mail"](7, [11, 12, 13])


@pytest.mark.skipif(not settings.REDIS_URL, reason="Dramatiq's broker needs Redis")
def test_before_on_dramatiq(redis_broker: RedisBroker) -> None:
    jobs = shop_of("on_dramatiq")
    worker = Worker(redis_broker, worker_threads=2, worker_timeout=50)
    worker.start()
    trade(jobs)
    # A message may be between its two queues, that of delays and its own.
    for _ in range(2):
        redis_broker.join("default", timeout=20_000)
        worker.join()
    worker.stop()
    assert shop.noted() == NOTED


@pytest.mark.long
def test_before_on_celery(redis_client: object) -> None:
    """Long, since it installs Celery where `bench --peers` has it."""
    packages = f"{installation.ensure()}{os.pathsep}{settings.BASE_DIR}"
    argv = [sys.executable, "-m", "tests.moving.run_celery", str(len(NOTED))]
    env = {**os.environ, "PYTHONPATH": packages, "REDIS_URL": settings.REDIS_URL}
    ran = subprocess.run(argv, env=env, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=False)
    assert shop.noted() == NOTED, ran.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["from_dramatiq", "from_celery"])
def test_after(forget: None, name: str) -> None:
    trade(shop_of(name))
    assert not shop.noted()
    while Job.objects.filter(status__in=("queued", "scheduled", "retrying")).exists():
        run_jobs(due_or_not=True)
    assert shop.noted() == NOTED


def test_a_job_that_has_to_change_says_so(forget: None) -> None:
    with pytest.raises(ValueError, match=r"remind: max_age is not supported: use expires"):
        shop_of("on_dramatiq")


@pytest.mark.django_db
def test_so_does_what_combines_jobs(forget: None) -> None:
    jobs = shop_of("from_dramatiq")
    for message in (jobs["charge"].message(1), jobs["ship"].message(1)):
        with pytest.raises(TypeError, match=r"use chain\("):
            dramatiq.pipeline([message]).run()
        with pytest.raises(TypeError, match=r"Batch\("):
            dramatiq.group([message]).run()
    assert not Job.objects.exists()
