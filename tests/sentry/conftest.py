"""This process reports to a Sentry of the tests' own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import sentry_sdk

from askpro.sentry import client, desk, transport
from askpro.sentry.tally import Tally
from tests.sentry_sink import Sink, running_sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with running_sink() as server:
        yield server


@pytest.fixture
def reports(sink: Sink, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """This process reports to the sink, and nobody has reported before."""
    settings.SENTRY_DSN, settings.CODE_VERSION = sink.dsn, "2026.48"
    monkeypatch.setattr(desk, "COUNT_EVERY", 0.05)
    address, prefix = settings.REDIS_URL, settings.REDIS_KEY_PREFIX
    forget(address, prefix)
    client.start()
    yield sink
    sentry_sdk.get_client().close(timeout=1.0)
    sentry_sdk.get_global_scope().set_client(None)
    sentry_sdk.get_isolation_scope().clear()
    forget(address, prefix)


def forget(address: str, prefix: str) -> None:
    with redis.Redis.from_url(address) as remembered:
        for key in remembered.scan_iter(f"{prefix}:sentry:*"):
            remembered.delete(key)


@pytest.fixture
def another_process(reports: Sink) -> Callable[[], desk.Desk]:
    """A desk as another process has one: with nothing but Redis and PostgreSQL in common."""
    held = transport.desk()
    assert held is not None
    return lambda: desk.Desk(held._send, Tally())
