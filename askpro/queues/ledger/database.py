"""The engine's own PostgreSQL connection: autocommit, one per process, shared by its threads."""

import logging
import re
import threading
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import count
from typing import Any, Protocol

import psycopg2
from django.conf import settings
from django.db import connections
from django.db.backends.utils import CursorWrapper

log = logging.getLogger(__name__)

# Milliseconds that a statement of the engine waits for a locked row. An app's long transaction may hold the lock, and
# neither a worker's other jobs nor a supervisor's heartbeat may wait for that transaction to end.
LOCK_WAIT = 1000
# Every statement of the engine has an index. With outdated statistics and dead rows that no vacuum has removed yet,
# PostgreSQL would still read the whole ledger for a claim (400,000 finished jobs: 200 ms instead of 4), and even
# compile the statement for it. A bitmap scan would read, for each claim, the index entries of all jobs that ran since
# the last vacuum: unlike an index scan, it does not mark the dead ones.
# What is prepared is planned once, for whatever values: each statement is written so that these make no difference.
PLANNER: Mapping[str, str | int] = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "plan_cache_mode": "force_generic_plan",
}
SESSION: Mapping[str, str | int] = {"lock_timeout": LOCK_WAIT, "jit": "off", **PLANNER}
# Failures of the connection, not of a statement: the work is kept and tried again on a new connection.
# A server that has become a read-only standby counts as away.
CONNECTION_ERRORS = (psycopg2.OperationalError, psycopg2.InterfaceError, psycopg2.errors.ReadOnlySqlTransaction)


def set_all(verb: str, values: Mapping[str, str | int] = SESSION) -> str:
    """The statements that give a session these settings (SET), or the transaction (SET LOCAL)."""
    return "; ".join(f"{verb} {name} = {value}" for name, value in values.items())


# The planner's for one statement in the transaction of an app, which is planned there once, too.
PLANNED_SO = set_all("SET LOCAL", PLANNER) + ";\n"


def limit_lock_waits() -> None:
    """Make the Django connections that this process will open wait for a lock no longer than the engine's own does."""
    options = connections.settings["default"]["OPTIONS"]
    options["options"] = f"{options.get('options', '')} -c lock_timeout={LOCK_WAIT}".strip()


def application_name(worker_id: int) -> str:
    """The name of a worker's database sessions, by which they can be ended when the worker is dead."""
    return f"askpro worker {worker_id}"


def chores_name(supervisor_id: int) -> str:
    """The name of a chores process's database sessions, by which they can be ended when the process is dead."""
    return f"askpro chores {supervisor_id}"


PLACEHOLDER = re.compile(r"%s((?:::\w+(?:\[\])?)?)")
Params = Sequence[Any] | Mapping[str, Any]


class Prepared(str):
    """A statement that a session of the engine plans once, not each time: for one job, planning takes as long as the
    rest. A parameter whose type PostgreSQL cannot tell has it: `%s::bigint`. A statement before it, as a line of its
    own, is part of the same transaction.
    """

    __slots__ = ("execution", "preparation")

    def __init__(self, statement: str) -> None:
        before, separator, last = statement.rpartition(";\n")
        name = f"askpro_{sha256(last.encode()).hexdigest()[:16]}"
        numbers = count(1)
        self.preparation = f"PREPARE {name} AS {PLACEHOLDER.sub(lambda found: f'${next(numbers)}{found[1]}', last)}"
        self.execution = (
            f"{before}{separator}EXECUTE {name} ({', '.join(found[0] for found in PLACEHOLDER.finditer(last))})"
        )


def prepare(cursor: Any, preparation: str) -> None:
    """Run a PREPARE, unless the cursor's session has done so."""
    prepared: set[str] = cursor.connection.prepared
    if preparation not in prepared:
        cursor.execute(preparation)
        prepared.add(preparation)


class Connection(Protocol):
    """Runs a statement: on the engine's own connection, or in the caller's transaction."""

    def rows(self, statement: str, params: Params = ()) -> list[tuple[Any, ...]]: ...


class EngineConnection:
    """Runs single statements, each its own transaction, so that a stopped process never holds a lock.

    `more` are settings of PostgreSQL for its session, beside the engine's own. Through a pooler that lends sessions by
    the transaction they go with each statement, and nothing is planned once: others get the same session.
    """

    def __init__(self, **more: str | int) -> None:
        self._settings = {**SESSION, **more}
        self._lock = threading.Lock()
        self._raw: Any = None

    def rows(self, statement: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Run a statement and fetch what it returns. Raises one of `CONNECTION_ERRORS` when PostgreSQL is away."""
        if isinstance(statement, Prepared) and not settings.DATABASE_POOLED:
            return self.rows_prepared(statement.preparation, statement.execution, params)
        with self._lock:
            return self._rows(statement, params)

    def rows_prepared(self, preparation: str, execution: str, params: Params) -> list[tuple[Any, ...]]:
        """The same for EXECUTE, of what `preparation` prepares: a session plans it once, and not each time it runs."""
        with self._lock:
            return self._rows(execution, params, preparation)

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _rows(self, statement: str, params: Params = (), preparation: str = "") -> list[tuple[Any, ...]]:
        try:
            cursor = self._connected().cursor()
            if preparation:
                prepare(cursor, preparation)
            cursor.execute(self._with_settings(statement), params)
            return cursor.fetchall() if cursor.description else []
        except CONNECTION_ERRORS:
            self._drop()
            raise

    def _with_settings(self, statement: str) -> str:
        return f"{set_all('SET LOCAL', self._settings)};\n{statement}" if settings.DATABASE_POOLED else statement

    def _connected(self) -> Any:
        if self._raw is None:
            wrapper = connections.create_connection("default")
            self._raw = wrapper.get_new_connection(wrapper.get_connection_params())
            self._raw.autocommit = True
            if not settings.DATABASE_POOLED:
                self._raw.cursor().execute(set_all("SET", self._settings))
        return self._raw

    def _drop(self) -> None:
        raw, self._raw = self._raw, None
        if raw is not None:
            try:
                raw.close()
            except psycopg2.Error:
                log.debug("The engine's connection was gone already")


class DjangoConnection:
    """The same interface to the caller's Django connection: statements join its open transaction."""

    def __init__(self, cursor: CursorWrapper) -> None:
        self._cursor = cursor

    def rows(self, statement: str, params: Params = ()) -> list[tuple[Any, ...]]:
        self._cursor.execute(statement, params)
        return self._cursor.fetchall() if self._cursor.description else []


class LastStatements(DjangoConnection):
    """The same for what ends the transaction: the session plans it once. Nothing but the commit may follow."""

    def rows(self, statement: str, params: Params = ()) -> list[tuple[Any, ...]]:
        return super().rows(self._planned_once(statement), params)

    def commit_with(self, statement: Prepared, params: Params) -> None:
        """Run the statement and commit, in one message; when it fails, nothing is committed."""
        super().rows(f"{self._planned_once(statement)};\nCOMMIT", params)

    def _planned_once(self, statement: str) -> str:
        if not isinstance(statement, Prepared):
            return statement
        prepare(self._cursor, statement.preparation)
        return PLANNED_SO + statement.execution
