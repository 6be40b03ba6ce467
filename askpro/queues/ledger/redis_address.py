"""How REDIS_URL is read: one server, the master that Sentinel names, or the node of a cluster that has our keys."""

from typing import Any, Final
from urllib.parse import urlsplit

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.connection import Connection, ConnectionPool, SSLConnection, parse_url
from redis.exceptions import AskError, ClusterDownError, RedisClusterException, RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

FORMS: Final = (
    "redis://[user:password@]host:6379/0, rediss:// for TLS, redis+sentinel://host:26379,host:26379/name/0 or"
    " redis+cluster://host:6379,host:6379; rediss+sentinel:// and rediss+cluster:// for TLS"
)
SENTINEL_PORT: Final = 26379
CLUSTER_PORT: Final = 6379


def client(url: str, **options: Any) -> redis.Redis:
    """A client for what `url` names; it connects when it is asked first, and tries once. `options` are those of
    `redis.Redis`.

    It asks Sentinel or the cluster anew for each connection, and gives a connection up when the server at its other end
    is no longer the right one. Raises `ValueError` for an address that is none of `FORMS`.
    """
    options = {"retry": Retry(NoBackoff(), 0), **options}
    scheme, _, kind = urlsplit(url).scheme.partition("+")
    if kind == "sentinel":
        return _by_sentinel(url, scheme, options)
    if kind == "cluster":
        return _of_cluster(url, scheme, options)
    return redis.Redis.from_url(url, **options)


def is_cluster(url: str) -> bool:
    return urlsplit(url).scheme.endswith("+cluster")


class _SlotConnection(Connection):
    """A connection to whichever node has our keys when it is opened."""

    def __init__(self, *, finder: "_Finder", **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._finder = finder

    def _connect(self) -> Any:
        self.host, self.port = self._finder.find()
        return super()._connect()  # type: ignore[no-untyped-call]

    def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            return super().read_response(*args, **options)  # type: ignore[no-untyped-call]
        except (AskError, ClusterDownError) as error:
            # Other answers to the same commands may be on their way.
            self.disconnect()  # type: ignore[no-untyped-call]
            raise redis.ConnectionError("Our keys are at another node now") from error


class _SlotSSLConnection(_SlotConnection, SSLConnection):
    pass


class _Finder:
    """Asks the nodes that REDIS_URL names which one has our keys: all are in one slot, by the braces in the prefix."""

    def __init__(self, nodes: list[tuple[str, int]], options: dict[str, Any]) -> None:
        self._nodes = nodes
        self._options = options

    def find(self) -> tuple[str, int]:
        """The node's host and port. Raises `redis.ConnectionError` when none answers, or the slot has no node."""
        try:
            nodes = [ClusterNode(host, port) for host, port in self._nodes]
            with RedisCluster(startup_nodes=nodes, **self._options) as cluster:
                found = cluster.get_node_from_key(settings.REDIS_KEY_PREFIX)
        except (RedisError, RedisClusterException, OSError) as error:
            raise redis.ConnectionError("No node of the cluster says where our keys are") from error
        if found is None:
            raise redis.ConnectionError("No node of the cluster has our keys")
        return found.host, found.port


def _by_sentinel(url: str, scheme: str, options: dict[str, Any]) -> redis.Redis:
    hosts, path, read = _read(url, scheme, SENTINEL_PORT)
    name, _, number = path.partition("/")
    if not name or not (number or "0").isdecimal():
        raise ValueError(f"REDIS_URL does not name the master that Sentinel watches. It is written {FORMS}.")
    # Sentinel has a password of its own, or none.
    own = {word: read.pop(f"sentinel_{word}") for word in ("username", "password") if f"sentinel_{word}" in read}
    common = {**_without_login(read), **options}
    sentinel = Sentinel(hosts, sentinel_kwargs={**common, **own}, **{**read, **options})
    return sentinel.master_for(name, db=int(number or 0))


def _of_cluster(url: str, scheme: str, options: dict[str, Any]) -> redis.Redis:
    hosts, path, read = _read(url, scheme, CLUSTER_PORT)
    if path not in ("", "0"):
        raise ValueError(f"REDIS_URL: a cluster has no databases with numbers. It is written {FORMS}.")
    finder = _Finder(hosts, {**read, **options})
    is_secure = read.pop("ssl", False)
    return redis.Redis(
        connection_pool=ConnectionPool(
            connection_class=_SlotSSLConnection if is_secure else _SlotConnection, finder=finder, **read, **options
        )
    )


def _read(url: str, scheme: str, port: int) -> tuple[list[tuple[str, int]], str, dict[str, Any]]:
    """The hosts with their ports, the path without its first slash, and redis-py's options, of an address with several
    hosts."""
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    try:
        found = [_host(text, port) for text in hosts.split(",")]
        read = parse_url(parts._replace(scheme=scheme, netloc=f"{login}@{hosts.split(',')[0]}", path="").geturl())
    except ValueError:
        raise ValueError(f"REDIS_URL cannot be read. It is written {FORMS}.") from None
    for word in ("host", "port"):
        read.pop(word, None)
    if read.pop("connection_class", None) is SSLConnection:
        read["ssl"] = True
    return found, parts.path.strip("/"), read


def _host(text: str, port: int) -> tuple[str, int]:
    """One `host` or `host:port`; an address of IPv6 stands in brackets. Raises `ValueError`."""
    parts = urlsplit(f"//{text.strip()}")
    if not parts.hostname:
        raise ValueError(text)
    return parts.hostname, parts.port or port


def _without_login(read: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in read.items() if name not in ("username", "password")}
