"""A psycopg2 connection whose BEGIN travels with the first statement of the transaction."""

import select
from typing import Any, cast

from psycopg2 import DatabaseError, extensions, sql
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

# Each message to PostgreSQL wakes two processes: a transaction of one INSERT costs two of them less than half of three.
BEGIN = "BEGIN;"
Query = str | bytes | sql.Composable


class Session(extensions.connection):
    """Looks like any connection of psycopg2's, and leaves psycopg2 in its own autocommit.

    Whether a transaction is open is known from the server's last answer, and not from what was sent. So a statement
    may bring its own COMMIT: after `…;COMMIT`, `commit` has nothing left to do.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        extensions.connection.autocommit.__set__(self, True)  # type: ignore[attr-defined]
        self._autocommit = False
        # The names of the statements that this session has prepared.
        self.prepared: set[str] = set()

    @property
    def autocommit(self) -> bool:
        return self._autocommit

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        self._autocommit = value

    @property
    def is_due(self) -> bool:
        """Whether the next statement begins a transaction."""
        return not self._autocommit and self.get_transaction_status() == TRANSACTION_STATUS_IDLE

    @property
    def is_silent(self) -> bool:
        """Whether the server has said nothing since its last answer. A session that was ended has something to read,
        and so has one whose host is gone, once the system has noticed."""
        if self.closed:
            return False
        asked = select.poll()
        asked.register(self.fileno(), select.POLLIN)
        return not asked.poll(0)

    def begin(self) -> None:
        """Begin the transaction now, if one is due."""
        if self.is_due:
            self._say("BEGIN")

    def commit(self) -> None:
        if self.get_transaction_status() != TRANSACTION_STATUS_IDLE:
            self._say("COMMIT")

    def rollback(self) -> None:
        if self.get_transaction_status() != TRANSACTION_STATUS_IDLE:
            self._say("ROLLBACK")

    def _say(self, word: str) -> None:
        with extensions.connection.cursor(self, cursor_factory=extensions.cursor) as cursor:
            cursor.execute(word)


class Cursor(extensions.cursor):
    """A cursor of such a session. What it tells as its `query` is the statement that it was given."""

    def execute(self, query: Query, vars: Any = None) -> None:
        session = cast(Session, self.connection)
        if not session.is_due:
            return super().execute(query, vars)
        if self.name is None:
            try:
                return super().execute(_begun(query, self), vars)
            except DatabaseError:
                if not session.is_due:
                    raise
                # PostgreSQL cannot read the statement, so it has not seen the BEGIN either: let it fail inside.
        # Of a statement for a named cursor psycopg2 makes a DECLARE.
        session.begin()
        return super().execute(query, vars)

    def executemany(self, query: Query, vars_list: Any) -> None:
        cast(Session, self.connection).begin()
        super().executemany(query, vars_list)

    def callproc(self, procname: Any, parameters: Any = None) -> None:
        cast(Session, self.connection).begin()
        super().callproc(procname, parameters)

    def copy_expert(self, sql: Query, file: Any, size: int = 8192) -> None:
        cast(Session, self.connection).begin()
        super().copy_expert(sql, file, size)

    @property
    def query(self) -> bytes | None:
        asked: bytes | None = super().query
        return asked and asked.removeprefix(BEGIN.encode())


def _begun(query: Query, cursor: extensions.cursor) -> str | bytes:
    if isinstance(query, bytes):
        return BEGIN.encode() + query
    return BEGIN + (query.as_string(cursor) if isinstance(query, sql.Composable) else query)
