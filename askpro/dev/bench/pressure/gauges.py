"""What PostgreSQL says of a side's tables: dead rows, size, updates, WAL."""

import os
from dataclasses import dataclass
from typing import Any

import psycopg2

# The name of the benchmark's own sessions, so that they are not ended with those of the workers.
NAME = "askpro bench"
LOOK = """
SELECT coalesce(sum(n_dead_tup), 0)::bigint, coalesce(sum(pg_total_relation_size(relid)), 0)::bigint,
       coalesce(sum(n_tup_upd) FILTER (WHERE place LIKE %(jobs)s), 0)::bigint,
       coalesce(sum(n_tup_hot_upd) FILTER (WHERE place LIKE %(jobs)s), 0)::bigint,
       (pg_current_wal_lsn() - '0/0')::bigint
  FROM (SELECT *, schemaname || '.' || relname AS place FROM pg_stat_user_tables) AS tables
 WHERE place LIKE %(all)s
"""
HOTTEST = """
SELECT format('%%I.%%I', schemaname, relname) FROM pg_stat_user_tables
 WHERE schemaname || '.' || relname LIKE %s ORDER BY n_tup_ins + n_tup_upd + n_tup_del DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Gauges:
    """One look. Updates and WAL are counted since the server was made; sizes in bytes."""

    dead_rows: int
    size: int
    updates: int
    hot_updates: int
    wal: int


def session() -> Any:
    """A session of the benchmark, each statement its own transaction."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"], application_name=NAME, connect_timeout=5)
    connection.autocommit = True
    return connection


class Watch:
    """Looks at a side's tables; reconnects when the server was away."""

    def __init__(self, tables: str, job_tables: str) -> None:
        self._patterns = {"all": tables, "jobs": job_tables}
        self._session: Any = None

    def look(self) -> Gauges:
        (row,) = self.rows(LOOK, self._patterns)
        return Gauges(*row)

    def hottest(self, count: int) -> list[str]:
        """The tables that change most, quoted."""
        return [name for (name,) in self.rows(HOTTEST, (self._patterns["all"], count))]

    def run(self, statement: str, params: Any = None) -> None:
        self._cursor().execute(statement, params)

    def rows(self, statement: str, params: Any = None) -> list[tuple[Any, ...]]:
        cursor = self._cursor()
        cursor.execute(statement, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def close(self) -> None:
        """Its next statement connects again."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _cursor(self) -> Any:
        if self._session is None:
            self._session = session()
        return self._session.cursor()
