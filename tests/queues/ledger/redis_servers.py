"""Several Valkeys of a test's own: Sentinel with a master and its replica, a cluster, one that speaks TLS."""

import subprocess
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from askpro.dev.up import ports, process
from askpro.dev.up.valkey import binary

HOST = "127.0.0.1"


class Servers:
    """Starts them below a folder, and ends them together."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, *lines: str, is_sentinel: bool = False) -> int:
        """A server with these lines in its configuration; its port, once it answers."""
        port = ports.choose()
        words = ["--sentinel"] if is_sentinel else ["--save", "", "--repl-diskless-sync-delay", "0"]
        self._launch(port, [f"port {port}", *lines], words)
        assert process.wait_until(lambda: self._answers(port), 10), f"the server at {port} does not answer"
        return port

    def ask(self, port: int, *words: str | int) -> object:
        """What the server at `port` answers to one command."""
        with self._client(port) as client:
            return client.execute_command(*words)

    def has_replica(self, master: int, password: str) -> bool:
        """Whether a replica has read everything of this master."""
        with self._client(master, password) as client:
            told: Any = client.info("replication")
        return bool(told["connected_slaves"]) and told["slave0"]["state"] == "online"

    def master_of(self, sentinel: int, name: str) -> int:
        """The port of the master, as Sentinel says."""
        found = self.ask(sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
        assert isinstance(found, tuple | list)
        return int(found[1])

    def has_whole_cluster(self, node: int, count: int) -> bool:
        """Whether this node knows `count` nodes, and one for each slot."""
        told = str(self.ask(node, "CLUSTER", "INFO")).split()
        return {"cluster_state:ok", "cluster_slots_ok:16384", f"cluster_known_nodes:{count}"} <= set(told)

    def move_slot(self, slot: int, source: int, target: int) -> None:
        """Give a slot, whose keys are lost, to another node."""
        to = str(self.ask(target, "CLUSTER", "MYID"))
        self.ask(source, "FLUSHALL")
        for node in (target, source):
            self.ask(node, "CLUSTER", "SETSLOT", slot, "NODE", to)

    def kill(self, port: int) -> None:
        child = self._children.pop(port)
        child.kill()
        child.wait()

    def end(self) -> None:
        for port in [*self._children]:
            self.kill(port)

    def _launch(self, port: int, lines: list[str], words: list[str]) -> None:
        home = self._folder / str(port)
        home.mkdir()
        path = home / "valkey.conf"
        path.write_text("\n".join([f"bind {HOST}", f"dir {home}", *lines]) + "\n")
        self._children[port] = subprocess.Popen([binary(), path, *words], stdout=subprocess.DEVNULL)

    def _client(self, port: int, password: str | None = None) -> redis.Redis:
        return redis.Redis(
            HOST, port, password=password, socket_timeout=2, decode_responses=True, retry=Retry(NoBackoff(), 0)
        )

    def _answers(self, port: int) -> bool:
        try:
            return bool(self.ask(port, "PING"))
        except redis.AuthenticationError:
            return True
        except (redis.RedisError, OSError):
            return False
