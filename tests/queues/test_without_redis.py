"""The engine's behaviour with Redis off for the whole run: what other tests promise must hold by age alone."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from askpro.queues import hints
from tests.queues import test_consumer, test_processes
from tests.queues.test_consumer import consumer, workload  # noqa: F401 - fixtures
from tests.queues.test_processes import start  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]


@pytest.fixture(autouse=True)
def redis_client(settings: Any) -> Iterator["redis.Redis"]:
    """Redis is off for the engine; the client is for tests that empty what nobody reads."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    settings.REDIS_URL = ""
    hints.pusher.cache_clear()
    yield client
    client.close()
    hints.pusher.cache_clear()


def test_nobody_knows_of_redis(child_environment):
    assert child_environment()["REDIS_URL"] == ""
    assert hints.connect(1.0) is None


class TestAPoisonJob(test_processes.TestAPoisonJob): ...


class TestAGracefulStop(test_processes.TestAGracefulStop): ...


class TestLimitsAcrossProcesses(test_processes.TestLimitsAcrossProcesses): ...


class TestGivingBack(test_consumer.TestGivingBack): ...


class TestSettling(test_consumer.TestSettling): ...


@pytest.mark.long
class TestAKilledWorker(test_processes.TestAKilledWorker): ...


@pytest.mark.long
class TestTimeLimits(test_processes.TestTimeLimits): ...


@pytest.mark.long
class TestCancellingARunningJob(test_processes.TestCancellingARunningJob): ...


@pytest.mark.long
class TestHostileJobs(test_processes.TestHostileJobs): ...


@pytest.mark.long
class TestAKilledSupervisor(test_processes.TestAKilledSupervisor): ...


@pytest.mark.long
class TestAcrossProcesses(test_processes.TestAcrossProcesses): ...
