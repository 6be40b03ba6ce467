"""Hints go through whatever Redis the address names: one with TLS, one that Sentinel watches, a cluster."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.crc import key_slot

from askpro.dev.front.certificates import make_certificate
from askpro.dev.up import process
from askpro.queues import checks
from askpro.queues.ledger import hints, redis_address
from askpro.queues.ledger.hints import Popper, Pusher
from tests.queues.ledger.redis_servers import HOST, Servers
from tests.tls_front import tls_front

# Seconds within which hints go on after the master is gone: Sentinel's own wait, its election, and our pause.
FAILOVER = 20.0
CLUSTERED = ("cluster-enabled yes", "cluster-node-timeout 1000", "cluster-require-full-coverage no")


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    started = Servers(tmp_path)
    yield started
    started.end()


@pytest.fixture
def passes_on(settings: Any) -> Iterator[Callable[[str], bool]]:
    """Whether a pushed hint is popped, by one pusher and one popper that keep their connections."""
    opened: list[Any] = []

    def passes(hint: str) -> bool:
        if not opened:
            opened.extend((Pusher(), Popper("default", longest_wait=0.1)))
        pusher, popper = opened
        pusher.push({"default": [hint]})
        return hint in [*popper.pop(10), *popper.await_one(0.1)]

    yield passes
    for popper in opened[1:]:
        popper.close()


class TestTls:
    def test_hints_go_through_a_server_that_speaks_tls(self, servers, tmp_path, settings, passes_on):
        certificate, key = make_certificate(tmp_path, "redis.example")
        with tls_front(servers.start("requirepass geheim"), certificate, key) as port:
            settings.REDIS_URL = f"rediss://:geheim@{HOST}:{port}/0?ssl_ca_certs={certificate}"
            assert passes_on("a")

    def test_a_certificate_that_nobody_vouches_for_is_refused(self, servers, tmp_path, settings):
        with tls_front(servers.start(), *make_certificate(tmp_path, "redis.example")) as port:
            settings.REDIS_URL = f"rediss://{HOST}:{port}/0"
            assert "CERTIFICATE_VERIFY_FAILED" in refusal()

    def test_a_cluster_is_reached_by_tls_as_well(self, servers, tmp_path, settings, passes_on):
        certificate, key = make_certificate(tmp_path, "redis.example")
        node = servers.start(*CLUSTERED)
        servers.ask(node, "CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        with tls_front(node, certificate, key) as port:
            # What stands in front is what the node names as its own address.
            servers.ask(node, "CONFIG", "SET", "cluster-announce-port", port)
            settings.REDIS_URL = f"rediss+cluster://{HOST}:{port}?ssl_ca_certs={certificate}"
            settings.REDIS_KEY_PREFIX = "{askpro}"
            assert process.wait_until(lambda: passes_on("a"), 10)


class TestSentinel:
    @pytest.fixture
    def master(self, servers: Servers, settings: Any) -> int:
        """It has a replica, and a Sentinel that the settings name."""
        login = "requirepass geheim", "masterauth geheim"
        master = servers.start(*login)
        servers.start(f"replicaof {HOST} {master}", *login)
        # Sentinel asks its master once for replicas, and then not for ten seconds.
        assert process.wait_until(lambda: servers.has_replica(master, "geheim"), 10)
        watched = f"monitor hints {HOST} {master} 1", "down-after-milliseconds hints 1000", "auth-pass hints geheim"
        sentinel = servers.start(*(f"sentinel {line}" for line in watched), is_sentinel=True)
        assert process.wait_until(lambda: bool(servers.ask(sentinel, "SENTINEL", "REPLICAS", "hints")), 15)
        # Of the two that are named, one is away.
        settings.REDIS_URL = f"redis+sentinel://:geheim@{HOST}:1,{HOST}:{sentinel}/hints/2"
        self.sentinel = sentinel
        return master

    def test_hints_go_on_at_the_new_master_after_the_old_one_was_killed(self, servers, master, passes_on):
        assert passes_on("a")
        servers.kill(master)
        assert process.wait_until(lambda: passes_on("b"), FAILOVER)

    def test_hints_leave_a_master_that_has_become_a_replica(self, servers, master, passes_on):
        assert passes_on("a")
        servers.ask(self.sentinel, "SENTINEL", "FAILOVER", "hints")
        assert process.wait_until(lambda: servers.master_of(self.sentinel, "hints") != master, FAILOVER)
        assert process.wait_until(lambda: passes_on("b"), FAILOVER)


class TestCluster:
    @pytest.fixture
    def nodes(self, servers: Servers, settings: Any) -> tuple[int, int]:
        """The first has every slot, the second none."""
        nodes = servers.start(*CLUSTERED), servers.start(*CLUSTERED)
        servers.ask(nodes[0], "CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        servers.ask(nodes[1], "CLUSTER", "MEET", HOST, nodes[0])
        assert process.wait_until(lambda: all(servers.has_whole_cluster(node, len(nodes)) for node in nodes), 20)
        # Of the two that are named, one is away, and the other sends us on.
        settings.REDIS_URL = f"redis+cluster://{HOST}:1,{HOST}:{nodes[1]}"
        settings.REDIS_KEY_PREFIX = "{askpro}"
        return nodes

    def test_hints_go_to_the_node_that_has_our_keys_and_follow_them(self, servers, nodes, passes_on):
        assert passes_on("a")
        servers.move_slot(key_slot(b"askpro"), *nodes)
        assert process.wait_until(lambda: passes_on("b"), 10)

    def test_without_a_node_for_our_keys_redis_counts_as_away(self, servers, nodes, passes_on):
        servers.ask(nodes[0], "CLUSTER", "FLUSHSLOTS")
        assert process.wait_until(lambda: not passes_on("a"), 10)
        assert process.wait_until(lambda: "Our keys" in refusal(), 10)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:6379", "scheme"),
        ("redis+sentinel://127.0.0.1:26379", "name the master"),
        ("redis+sentinel://127.0.0.1:26379/hints/first", "name the master"),
        ("redis+sentinel://a,,b/hints", "cannot be read"),
        ("redis+sentinel://a:port/hints", "cannot be read"),
        ("redis+cluster://", "cannot be read"),
        ("redis+cluster://a,b/3", "no databases"),
        ("valkey+cluster://a", "cannot be read"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_at_start(url, said, settings):
    settings.REDIS_URL = url
    (error,) = checks.check_redis()
    assert said in error.msg


@pytest.mark.parametrize(
    "url", ["", "redis://a", "unix:///run/redis", "redis+sentinel://[::1]:1,a:2/hints", "redis+cluster://a,b"]
)
def test_an_address_that_can_be_meant_passes_the_check_unasked(url, settings):
    settings.REDIS_URL = url
    assert checks.check_redis() == []


def test_sentinels_have_a_login_of_their_own():
    url = "redis+sentinel://us:geheim@a:1,b:2/hints/3?sentinel_username=watch&sentinel_password=other"
    client: Any = redis_address.client(url, socket_timeout=1.0)
    pool = client.connection_pool
    assert (pool.service_name, pool.connection_kwargs["username"], pool.connection_kwargs["db"]) == ("hints", "us", 3)
    (first, second) = (sentinel.connection_pool.connection_kwargs for sentinel in pool.sentinel_manager.sentinels)
    assert (first["host"], first["port"], second["host"], second["port"]) == ("a", 1, "b", 2)
    assert (first["username"], first["password"], first["socket_timeout"]) == ("watch", "other", 1.0)


def refusal() -> str:
    """What asking for an answer ends with; empty when one comes."""
    client = hints.connect(1.0)
    assert client is not None
    try:
        client.get(hints.key("default"))
    except redis.ConnectionError as error:
        return str(error)
    finally:
        client.close()
    return ""
