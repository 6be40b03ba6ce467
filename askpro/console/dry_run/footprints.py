"""Which rows were written: their keys by table, from the statements; and how many, from PostgreSQL's own counts."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model

from askpro.console.dry_run.sealing import is_outermost
from askpro.outside import Refused

# Keys that are kept of each table; how many rows it were in all is counted.
MOST_KEYS: Final = 200
_WRITES: Final = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM)\s+("?)(\w+)\2\s', re.IGNORECASE)
_ENDS: Final = re.compile(r"\s*(COMMIT|END|ABORT|BEGIN|START|ROLLBACK(?!\s+TO)|PREPARE\s+TRANSACTION)\b", re.IGNORECASE)
_MARKS: Final = re.compile(r"\s*(SAVEPOINT|RELEASE|ROLLBACK)\b", re.IGNORECASE)
# In a statement by hand, a second table or an alias could make the key's name mean another column.
_MORE_TABLES: Final = re.compile(r"\b(FROM|USING|AS)\b", re.IGNORECASE)
COUNTS: Final = """
SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables
 WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND schemaname NOT LIKE 'pg_temp%'
"""
PARENTS: Final = "SELECT inhrelid::regclass::text, inhparent::regclass::text FROM pg_inherits"


class Footprints:
    """Wraps the execution of statements (`connection.execute_wrapper`), and adds to those that write what makes them
    return the keys of their rows. A statement that ends or begins a transaction is refused.
    """

    def __init__(self) -> None:
        self.keys: dict[str, dict[Any, None]] = {}
        self._models = _models()
        self._before = _counts()

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        text = str(sql)
        if _ENDS.match(text):
            raise Refused("A dry run's transaction is neither ended nor left.")
        if _MARKS.match(text) or not is_outermost():
            return self._followed(execute, sql, params, many, context)
        # Without a dry run this statement would be a transaction: if it fails, what came before it stays.
        connection.needs_rollback = False
        with transaction.atomic():
            return self._followed(execute, sql, params, many, context)

    def model_of(self, table: str) -> type[Model] | None:
        """The model whose rows are in this table, or in this part of one."""
        return self._models.get(table)

    def uncaught(self) -> dict[str, int]:
        """Tables in which rows were written whose keys are not known, and how often; what a savepoint has taken back
        counts as well.
        """
        written = _counts()
        written.subtract(self._before)
        return {table: count for table, count in written.items() if count > 0 and table not in self.keys}

    def _followed(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        text = str(sql)
        found = _WRITES.match(text)
        model = self._models.get(found[3]) if found else None
        if found is None or model is None or many:
            return execute(sql, params, many, context)
        key = str(model._meta.pk.column)
        result = execute(_returning(text, found, key), params, many, context)
        self._note(context["cursor"], found[3], key)
        return result

    def _note(self, cursor: Any, table: str, key: str) -> None:
        names = [column.name for column in cursor.description or ()]
        if key not in names:
            return
        rows, place = cursor.fetchall(), names.index(key)
        if rows:
            # Whoever has sent the statement reads its rows from the first one on.
            cursor.scroll(0, "absolute")
        kept = self.keys.setdefault(table, {})
        for row in rows[: MOST_KEYS - len(kept)]:
            kept[str(row[place])] = None


def _returning(text: str, found: re.Match[str], key: str) -> str:
    if " RETURNING " in text.upper():
        return text
    verb, quote, table = found[1].upper(), found[2], found[3]
    if verb != "INSERT INTO" and not quote and _MORE_TABLES.search(text[found.end() :]):
        return text
    return f'{text.rstrip().rstrip(";")} RETURNING "{table}"."{key}"'


def _models() -> dict[str, type[Model]]:
    """By the names of tables, and of the parts of those that have some."""
    found: dict[str, type[Model]] = {model._meta.db_table: model for model in apps.get_models()}
    with connection.cursor() as cursor:
        cursor.execute(PARENTS)
        parts = cursor.fetchall()
    return {**{part: found[whole] for part, whole in parts if whole in found}, **found}


def _counts() -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute(COUNTS)
        return Counter(dict(cursor.fetchall()))
