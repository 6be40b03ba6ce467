"""Whether a store answers is known in bounded time, also where something else answers for it."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import override_settings

from askpro.watch import sources
from askpro.watch.conditions.stores import postgres_away

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Accepts connections and never says anything, as a frozen server does."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=5)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


@pytest.mark.django_db
class TestPostgreSQL:
    def test_it_answers(self) -> None:
        assert sources.postgres_refusal(3) == ""

    def test_frozen(self, silent_port, monkeypatch) -> None:
        monkeypatch.setitem(connection.settings_dict, "PORT", silent_port)
        began = time.monotonic()
        assert sources.postgres_refusal(0.2) == "It does not answer within 0.2 s"
        assert time.monotonic() - began < 2

    def test_away(self, closed_port, monkeypatch) -> None:
        monkeypatch.setitem(connection.settings_dict, "PORT", closed_port)
        assert sources.postgres_refusal(3) == sources.AWAY

    def test_a_database_that_does_not_exist(self, monkeypatch) -> None:
        monkeypatch.setitem(connection.settings_dict, "NAME", "askpro_nowhere")
        assert sources.postgres_refusal(3) == sources.REFUSED

    def test_the_condition_tells_why(self, closed_port, monkeypatch) -> None:
        assert list(postgres_away(NOW)) == []
        monkeypatch.setitem(connection.settings_dict, "PORT", closed_port)
        (finding,) = postgres_away(NOW)
        assert (finding.about, finding.facts) == ("postgres", {"said": sources.AWAY})


class TestRedis:
    def test_none_is_configured(self) -> None:
        with override_settings(REDIS_URL=""):
            assert sources.redis_refusal(1) == ""

    def test_frozen_away_and_there(self, silent_port, closed_port) -> None:
        assert sources.redis_refusal(1) == ""
        with override_settings(REDIS_URL=f"redis://127.0.0.1:{silent_port}/0"):
            assert sources.redis_refusal(0.2) == "It does not answer within 0.2 s"
        with override_settings(REDIS_URL=f"redis://127.0.0.1:{closed_port}/0"):
            assert sources.redis_refusal(1) == sources.AWAY
