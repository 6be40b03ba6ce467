from collections.abc import Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from askpro.dev.up import process
from askpro.dev.up.home import Home
from askpro.dev.up.valkey import Valkey

pytestmark = pytest.mark.xdist_group("local-valkey")


@pytest.fixture
def valkey(home: Home) -> Iterator[Valkey]:
    server = Valkey(home)
    server.start()
    yield server
    server.stop()


def client(server: Valkey) -> redis.Redis:
    return redis.Redis.from_url(server.url, socket_timeout=2, decode_responses=True)


def test_it_serves_with_a_password_and_never_evicts(valkey: Valkey) -> None:
    assert client(valkey).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client(valkey).config_get("appendfsync") == {"appendfsync": "everysec"}
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=valkey.port, retry=Retry(NoBackoff(), 0)).ping()


def test_it_attaches_to_a_server_that_still_serves(valkey: Valkey, home: Home) -> None:
    second = Valkey(home)
    second.start()

    assert second.port == valkey.port
    second.stop()
    assert not valkey.is_alive()


def test_it_has_read_its_data_when_it_has_started(valkey: Valkey) -> None:
    pipeline = client(valkey).pipeline(transaction=False)
    for number in range(100_000):
        pipeline.rpush("long", f"a value that takes its time {number}")
    pipeline.execute()
    valkey.stop()

    valkey.start()

    assert client(valkey).llen("long") == 100_000
    client(valkey).delete("long")


def test_it_keeps_data_and_port_when_it_was_killed(valkey: Valkey) -> None:
    client(valkey).rpush("queue", 1, 2)
    port, pid = valkey.port, client(valkey).info("server")["process_id"]
    process.end(pid)
    assert process.wait_until(lambda: not valkey.is_alive(), 5)

    valkey.start()

    assert valkey.port == port
    assert client(valkey).lrange("queue", 0, -1) == ["1", "2"]


def test_it_starts_without_its_files_when_they_are_broken(valkey: Valkey, home: Home) -> None:
    valkey.stop()
    for file in (home.path / "valkey" / "appendonlydir").iterdir():
        file.write_bytes(b"not an append-only file\n" * 3)

    valkey.start()

    assert client(valkey).ping()
    assert client(valkey).dbsize() == 0
