"""Sessions of PostgreSQL that act in turn, each in a thread of its own, with transactions that may stay open.

A session that has to wait for another one's lock is left waiting, and ends its step when the lock is free.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.transaction import Atomic
from psycopg2.errors import DeadlockDetected, InFailedSqlTransaction, LockNotAvailable

from askpro.queues.ledger.database import Connection, Params, Prepared, set_all
from askpro.queues.ledger.settle import Item, Settled, settle

# What a statement means by the time, for sessions whose `search_path` begins here: the engine's statements ask these
# functions by their plain names.
CLOCK = """
CREATE SCHEMA IF NOT EXISTS model_clock;
CREATE OR REPLACE FUNCTION model_clock.clock_timestamp() RETURNS timestamptz STABLE LANGUAGE sql
    AS $$ SELECT current_setting('model.now')::timestamptz $$;
CREATE OR REPLACE FUNCTION model_clock.statement_timestamp() RETURNS timestamptz STABLE LANGUAGE sql
    AS $$ SELECT current_setting('model.now')::timestamptz $$;
"""
SET_UP = f"{set_all('SET')}; SET deadlock_timeout = '20ms'; SET search_path = model_clock, pg_catalog, public"
# How long a session waits for a lock that is not given to it.
IMPATIENCE = "20ms"
BLOCKED = "SELECT cardinality(pg_blocking_pids(%s)) > 0"
REFUSED = (LockNotAvailable, DeadlockDetected, InFailedSqlTransaction)


class Refused(Exception):
    """The step came to nothing, and its transaction with it: another session has locked what it needs."""


class SessionConnection:
    """The engine's interface to this thread's session: statements are prepared as in its own, and join the transaction
    that is open."""

    def __init__(self) -> None:
        self._prepared: set[str] = set()

    def rows(self, statement: str, params: Params = ()) -> list[tuple[Any, ...]]:
        if isinstance(statement, Prepared):
            return self.rows_prepared(statement.preparation, statement.execution, params)
        with connection.connection.cursor() as cursor:
            cursor.execute(statement, params)
            return cursor.fetchall() if cursor.description else []

    def rows_prepared(self, preparation: str, execution: str, params: Params) -> list[tuple[Any, ...]]:
        if preparation not in self._prepared:
            self.rows(preparation)
            self._prepared.add(preparation)
        return self.rows(execution, params)


class Heard(threading.local):
    """What the steps of this thread have said to Redis and settled."""

    def __init__(self) -> None:
        self.ready: list[str] = []
        self.settled: list[tuple[Sequence[Item], Settled]] = []

    def announce(self, jobs: Iterable[tuple[str, str]]) -> int:
        """In place of `hints.announce`."""
        ids = [job_id for job_id, *_ in jobs]
        self.ready += ids
        return len(ids)

    def settle(self, database: Connection, worker_id: int, version: str, items: Sequence[Item]) -> Settled:
        """In place of `settle` where its answer is not passed on."""
        settled = settle(database, worker_id, version, items)
        self.settled.append((items, settled))
        return settled

    @property
    def woken(self) -> set[str]:
        return {job_id for _, settled in self.settled for job_id, _ in settled.ready}

    def forget(self) -> None:
        self.ready, self.settled = [], []


heard = Heard()


class Session:
    """One of them. `effects` are what its open transaction will mean to the model once it commits."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._transaction: Atomic | None = None
        self._set: tuple[datetime, bool] | None = None
        self._step: Future[Any] | None = None
        self.database = SessionConnection()
        self.effects: list[Callable[[Any], None]] = []
        # What the step that waits for a lock will mean.
        self.pending: Callable[[Any, Any], None] | None = None
        # The engine's statements are transactions of their own: after one, nothing follows but the end.
        self.is_sealed = False
        self._pid = self._do(self._open)

    @property
    def is_open(self) -> bool:
        return self._transaction is not None

    def begin(self) -> None:
        self._transaction = transaction.atomic()
        self._do(self._transaction.__enter__)

    def commit(self) -> None:
        self._end(lambda: None)

    def rollback(self) -> None:
        self._end(lambda: transaction.set_rollback(True))

    def start(self, run: Callable[["Session"], Any], now: datetime, is_patient: bool) -> None:
        """Begin a step. If `is_patient`, it waits for locks for as long as it takes."""

        def step() -> Any:
            heard.forget()
            self._tell(now, is_patient)
            return run(self)

        self._step = self._thread.submit(step)

    def is_waiting(self, ask: Callable[[str, Params], list[tuple[Any, ...]]]) -> bool:
        """Whether the step waits for a lock; returns False when it has ended."""
        assert self._step is not None
        while True:
            try:
                self._step.exception(timeout=0.05)
            except TimeoutError:
                if ask(BLOCKED, (self._pid,))[0][0] and not self._step.done():
                    return True
            else:
                return False

    def result(self) -> Any:
        """What the step returned. Raises `Refused`."""
        assert self._step is not None
        step, self._step = self._step, None
        try:
            return step.result()
        except Exception as error:
            if isinstance(error, REFUSED) or isinstance(error.__cause__, REFUSED):
                if self.is_open:
                    self.rollback()
                raise Refused(type(error).__name__) from error
            raise

    def ask(self, statement: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Run one statement now, outside of every step."""
        return self._do(lambda: self.database.rows(statement, params))  # type: ignore[no-any-return]

    def reset(self) -> None:
        """Leave nothing open."""
        self.pending, self._step = None, None
        if self.is_open:
            self.rollback()

    def close(self) -> None:
        self.reset()
        self._do(lambda: connection.close())
        self._thread.shutdown()

    def _do(self, call: Callable[[], Any]) -> Any:
        return self._thread.submit(call).result()

    def _open(self) -> int:
        connection.ensure_connection()
        self.database.rows(SET_UP)
        return int(self.database.rows("SELECT pg_backend_pid()")[0][0])

    def _tell(self, now: datetime, is_patient: bool) -> None:
        if self._set != (now, is_patient):
            patience = "0" if is_patient else IMPATIENCE
            self.database.rows(
                "SELECT set_config('model.now', %s, false), set_config('lock_timeout', %s, false)",
                (now.isoformat(), patience),
            )
            self._set = now, is_patient

    def _end(self, before: Callable[[], None]) -> None:
        ending, self._transaction = self._transaction, None
        assert ending is not None

        def end() -> None:
            before()
            ending.__exit__(None, None, None)

        self._do(end)
        self._set, self.is_sealed = None, False
        self.effects.clear()
