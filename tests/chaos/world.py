"""A PostgreSQL, a Valkey and a `queues_run` of the test's own, and everything that can befall them."""

import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import redis
from django.db import connection

from askpro.local.home import Home
from askpro.local.postgres import PostgreSQL
from askpro.local.valkey import Valkey
from tests.queues.processes import QueuesRun, kill, wait_until

PROCESSES = 3
THREADS = 2


class World:
    """Up inside `with`; afterwards nothing of it is left, processes and files included."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        # Not below pytest's folder, which PostgreSQL's own user could not enter.
        self._home = Home(Path(tempfile.mkdtemp(prefix="askpro-chaos-")))
        self._home.prepare()
        self._postgres = PostgreSQL(self._home)
        self._valkey = Valkey(self._home)
        self._queues: QueuesRun | None = None

    def __enter__(self) -> "World":
        try:
            self._postgres.start()
            self._valkey.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        os.environ["DATABASE_URL"] = self._postgres.url("postgres")
        os.environ["REDIS_URL"] = self._valkey.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._queues is not None:
            self._queues.stop()
        self._valkey_signal(signal.SIGCONT)
        self._valkey.stop()
        self._postgres.stop()
        shutil.rmtree(self._home.path, ignore_errors=True)

    def start_queues(self) -> None:
        environment = {**os.environ, "TEST_ACTORS": "tests.chaos.actors", "TEST_QUEUES": "default"}
        log = self._home.logs / "queues.log"
        self._queues = QueuesRun(environment, log, PROCESSES, THREADS).start()

    def said(self) -> str:
        return self.queues.said()

    @property
    def queues(self) -> QueuesRun:
        assert self._queues is not None
        return self._queues

    # What can happen. Each takes a few seconds and leaves the world as it found it.

    def kill_workers(self) -> None:
        for _ in range(3):
            self._kill_a_worker()
            time.sleep(0.5)

    def kill_the_chores(self) -> None:
        for pid in self.queues.chores():
            kill(pid)
        self._kill_a_worker()
        time.sleep(0.5)

    def kill_the_supervisor(self) -> None:
        self.queues.kill()
        self.queues.start(wait=False)
        time.sleep(3)

    def kill_redis(self) -> None:
        self._valkey_signal(signal.SIGKILL)
        time.sleep(1.5)
        self._valkey.start()

    def flush_redis(self) -> None:
        for _ in range(5):
            self._redis("FLUSHALL")
            time.sleep(0.2)

    def stop_redis(self) -> None:
        self._valkey_signal(signal.SIGSTOP)
        time.sleep(3)
        self._valkey_signal(signal.SIGCONT)

    def make_redis_read_only(self) -> None:
        self._redis("REPLICAOF", "127.0.0.1", "1")
        time.sleep(2)
        self._redis("REPLICAOF", "NO", "ONE")

    def fill_redis(self) -> None:
        self._redis("CONFIG", "SET", "maxmemory", "1")
        time.sleep(2)
        self._redis("CONFIG", "SET", "maxmemory", "0")

    def kill_postgresql(self) -> None:
        self._kill_postgres()
        self._postgres.start()

    def kill_a_worker_while_postgresql_is_away(self) -> None:
        self._kill_postgres()
        for _ in range(6):
            self._kill_a_worker()
            time.sleep(0.6)
        self._postgres.start()
        connection.close()
        assert wait_until(self.queues.is_complete, 5), "the workers did not come back with PostgreSQL"

    def kill_everything_at_once(self) -> None:
        self.queues.kill()
        self._valkey_signal(signal.SIGKILL)
        self._kill_postgres()
        self._postgres.start()
        self._valkey.start()
        self.queues.start(wait=False)
        time.sleep(2)

    def _kill_a_worker(self) -> None:
        if workers := self.queues.workers():
            kill(self._random.choice(workers))

    def _kill_postgres(self) -> None:
        child = self._postgres._child
        assert child is not None
        child.kill()
        child.wait()

    def _valkey_signal(self, number: signal.Signals) -> None:
        child = self._valkey._child
        if child is not None and child.poll() is None:
            child.send_signal(number)
            if number == signal.SIGKILL:
                child.wait()

    def _redis(self, *command: str) -> Any:
        client = redis.Redis.from_url(self._valkey.url, socket_timeout=5)
        try:
            return client.execute_command(*command)
        finally:
            client.close()
