import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from askpro import health


@pytest.fixture
def closed_port() -> int:
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@pytest.fixture
def hung_port() -> Iterator[int]:
    """A server that accepts the connection and never answers."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield int(server.getsockname()[1])


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)


def test_it_lives_without_a_database(client: Client) -> None:
    answer = client.get("/health/live")

    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_it_is_ready_when_postgresql_answers_and_the_schema_is_complete(client: Client) -> None:
    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"database": "ok", "migrations": "ok", "redis": "ok"}}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_it_stays_ready_when_redis_is_down(client: Client, settings: Any, closed_port: int) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{closed_port}/0"

    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json()["checks"]["redis"] == "down"


@pytest.mark.django_db
def test_it_waits_for_a_hung_redis_less_than_half_a_second(client: Client, settings: Any, hung_port: int) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{hung_port}/0"
    began = time.monotonic()

    answer = client.get("/health/ready")

    assert answer.json()["checks"]["redis"] == "down"
    assert time.monotonic() - began < 1.5


@pytest.mark.django_db
def test_it_says_off_when_redis_is_not_used(client: Client, settings: Any) -> None:
    settings.REDIS_URL = ""

    assert client.get("/health/ready").json()["checks"]["redis"] == "off"


@pytest.mark.django_db
def test_it_is_not_ready_when_a_migration_is_missing(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'queues'")

    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == "missing"


@pytest.mark.django_db
@pytest.mark.parametrize("port", ["closed_port", "hung_port"])
def test_it_is_not_ready_within_seconds_when_postgresql_does_not_answer(
    client: Client, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, port: str
) -> None:
    monkeypatch.setitem(connection.settings_dict, "PORT", str(request.getfixturevalue(port)))
    began = time.monotonic()

    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "checks": {"database": "down", "migrations": "unknown", "redis": "ok"},
    }
    assert time.monotonic() - began < 4
