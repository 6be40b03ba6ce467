"""Checks that PostgreSQL can answer the code's queries by an index."""

from collections.abc import Callable

from django.db import connection, transaction

# PostgreSQL keeps what it counted of a table, also by itself, when the rows are gone; and keeps it for an empty table.
FORGET = """
DELETE FROM pg_statistic
WHERE starelid = %s::regclass OR starelid IN (SELECT relid FROM pg_partition_tree(%s::regclass))
"""


def plans(work: Callable[[], object], table: str) -> list[str]:
    """The plan of each query that `work` runs on `table`, where reading the whole table counts as unaffordable.

    The planner then uses bitmaps of rows chosen by an index, even for a test's few rows, which would not need one. It
    knows what the test has stored, and nothing of what others had stored before.
    """
    asked: list[tuple[str, object]] = []

    def note(execute: Callable[..., object], sql: str, params: object, many: bool, context: object) -> object:
        if sql.startswith("SELECT") and f'FROM "{table}"' in sql:
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        work()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FORGET, [table, table])
        cursor.execute(f"ANALYZE {table}")
        for way in ("enable_seqscan", "enable_indexscan", "enable_indexonlyscan"):
            cursor.execute(f"SET LOCAL {way} = off")
        return [_plan(cursor, sql, params) for sql, params in asked]


def _plan(cursor: object, sql: str, params: object) -> str:
    cursor.execute(f"EXPLAIN {sql}", params)
    return "\n".join(row[0] for row in cursor.fetchall())
