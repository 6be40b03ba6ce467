"""The test's own PostgreSQL, Valkey and `queues_run`, and everything that can happen to them."""

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import redis
from django.db import connection

from askpro.dev.up.home import Home
from askpro.dev.up.postgres import PostgreSQL
from askpro.dev.up.valkey import Valkey
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.ledger.recover import recover_lost
from tests.chaos.rows import rows
from tests.chaos.sessions import inside_a_transaction, provoke
from tests.queues.queues_run import QueuesRun, kill, wait_until

PROCESSES = 3
THREADS = 2
# A run long enough for PostgreSQL's absence is also long enough for a host's silence.
LONG = 30.0


class World:
    """Runs inside `with`; afterwards no process and no file of it is left."""

    def __init__(self, seed: int, away: float = 8.0) -> None:
        self._away = away
        # Faults that a disaster found itself.
        self.faults: list[str] = []
        self._random = random.Random(seed)
        # Not below pytest's folder, which PostgreSQL's user could not enter.
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
        self._queues = self._new_queues("queues.log").start()

    def said(self) -> str:
        return self.queues.said()

    @property
    def queues(self) -> QueuesRun:
        assert self._queues is not None
        return self._queues

    def disasters(self) -> list[Callable[[], None]]:
        """What can happen. Each takes a few seconds and leaves the world as it found it."""
        return [
            self.kill_workers,
            self.kill_the_chores,
            self.kill_redis,
            self.flush_redis,
            self.stop_redis,
            self.make_redis_read_only,
            self.fill_redis,
            self.stop_a_worker_inside_its_transaction,
            self.provoke_deadlocks,
            self.kill_the_supervisor,
            self.kill_postgresql,
            self.kill_a_worker_while_postgresql_is_away,
            self.keep_postgresql_away,
            self.kill_everything_at_once,
            *([self.freeze_a_host] if self._away >= LONG else []),
        ]

    def nothing(self) -> None:
        """The calm after it."""

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
        self.queues.start()

    def kill_redis(self, away: float = 1.5) -> None:
        self._valkey_signal(signal.SIGKILL)
        time.sleep(away)
        self._valkey.start()

    def flush_redis(self) -> None:
        for _ in range(5):
            self._redis("FLUSHALL")
            time.sleep(0.2)

    def stop_redis(self) -> None:
        self._valkey_signal(signal.SIGSTOP)
        time.sleep(2)
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
        for _ in range(4):
            self._kill_a_worker()
            time.sleep(0.6)
        self._postgres.start()
        connection.close()
        assert wait_until(self.queues.is_complete, 5), "the workers did not come back with PostgreSQL"

    def keep_postgresql_away(self) -> None:
        """Stop PostgreSQL long enough for all hosts to fall silent; none may be declared dead because of it."""
        before = set(rows("SELECT id FROM queues_supervisor WHERE status = 'running'"))
        workers = set(self.queues.workers())
        self._kill_postgres()
        time.sleep(self._away)
        self._postgres.start()
        connection.close()
        time.sleep(1.5)
        if before != set(rows("SELECT id FROM queues_supervisor WHERE status = 'running'")):
            self.faults.append("a supervisor was declared dead while PostgreSQL was away")
        if workers != set(self.queues.workers()):
            self.faults.append("workers ended while PostgreSQL was away")

    def stop_a_worker_inside_its_transaction(self) -> None:
        """Like a frozen host: its job is given to another worker, then it wakes up and continues as a zombie."""
        found = inside_a_transaction(self.queues.workers())
        if found is None:
            self.faults.append("no worker was found inside its transaction")
            return
        worker_id, pid = found
        database = EngineConnection()
        try:
            time.sleep(0.5)
            recover_lost(database, worker_id)
            time.sleep(1.5)
            kill(pid, signal.SIGCONT)
            time.sleep(1.5)
        finally:
            database.close()
            kill(pid)

    def freeze_a_host(self) -> None:
        """A second `queues_run` falls silent, is declared dead and loses its jobs, then wakes up and continues."""
        other = self._new_queues("frozen.log").start()
        buried = "SELECT 1 FROM queues_supervisor WHERE pid = %s AND status = %s"
        try:
            # Preferably inside a transaction, unless the other host's workers had all of those jobs.
            inside_a_transaction(other.workers())
            frozen = [other.pid, *other.children()]
            for pid in frozen:
                kill(pid, signal.SIGSTOP)
            if not wait_until(lambda: rows(buried, other.pid, "dead"), 40):
                self.faults.append("a silent host was not buried")
            for pid in frozen:
                kill(pid, signal.SIGCONT)
            if not wait_until(lambda: rows(buried, other.pid, "running"), 10):
                self.faults.append("a host that woke up was not taken for living")
            other.terminate()
            other.wait(20)
        finally:
            other.stop()

    def provoke_deadlocks(self) -> None:
        provoke(self._postgres.url("postgres"), seconds=3.0, seed=self._random.random())

    def deadlocks(self) -> int:
        """How many deadlocks PostgreSQL ended; its statistics do not survive its crashes."""
        return self._postgres.log.read_text(errors="replace").count("ERROR:  deadlock detected")

    def kill_everything_at_once(self) -> None:
        self.queues.kill()
        self._valkey_signal(signal.SIGKILL)
        self._kill_postgres()
        self._postgres.start()
        self._valkey.start()
        connection.close()
        self.queues.start()

    def _new_queues(self, log: str) -> QueuesRun:
        environment = {**os.environ, "TEST_ACTORS": "tests.chaos.actors,tests.chaos.composed", "TEST_QUEUES": "default"}
        return QueuesRun(environment, self._home.logs / log, PROCESSES, THREADS)

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
