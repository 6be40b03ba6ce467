"""Many rows by one statement: what is not said of a column is the model's default."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import AutoField, Field, Model, UUIDField


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same Python value in each row, stored as the model's field stores it."""

    value: Any


def fill(model: type[Model], count: int, /, **said: str | Fixed) -> None:
    """Write `count` rows. What is `said` of a column is SQL over the row's number `n`, or a `Fixed` value."""
    columns: dict[str, tuple[str, list[Any]]] = {}
    for field in model._meta.concrete_fields:
        written = _written(field, said.pop(field.attname, None))
        if written is not None:
            columns[str(field.column)] = written
    if said:
        raise ValueError(f"{model.__name__} has no {', '.join(said)}.")
    names = ", ".join(f'"{name}"' for name in columns)
    parts = ", ".join(sql for sql, _ in columns.values())
    values = [value for _, own in columns.values() for value in own]
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {parts} FROM generate_series(1, {count}) AS n", values)
        _go_on_after(cursor, model)


def one_of(*values: str, of: str = "n") -> str:
    """SQL for one of these texts, by turns."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"(ARRAY[{listed}])[({of}) % {len(values)} + 1]"


def noise(salt: str, of: str = "n") -> str:
    """SQL for a whole number from 0 on that looks drawn by lot, and is the same in each run."""
    return f"abs(hashint8extended(({of})::bigint, hashtext('{salt}')) % 1000000007)"


def _written(field: Field, said: str | Fixed | None) -> tuple[str, list[Any]] | None:
    """The column's SQL with its values; None where PostgreSQL has its default."""
    if isinstance(said, Fixed):
        return "%s", [field.get_db_prep_save(said.value, connection)]
    if said is not None:
        return _plain(said), []
    if isinstance(field, AutoField):
        return "n", []
    if field.has_db_default():
        return None
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return "statement_timestamp()", []
    if isinstance(field, UUIDField) and isinstance(field.get_default(), uuid.UUID):
        return "gen_random_uuid()", []
    return "%s", [field.get_db_prep_save(field.get_default(), connection)]


def _plain(sql: str) -> str:
    """A percent sign is itself, and no place for a value."""
    return sql.replace("%", "%%")


def _go_on_after(cursor: Any, model: type[Model]) -> None:
    """The next row that Django writes comes after these."""
    key = model._meta.pk
    if isinstance(key, AutoField):
        table = model._meta.db_table
        place = f"pg_get_serial_sequence('{table}', '{key.column}')"
        cursor.execute(f"SELECT setval({place}, (SELECT max({key.column}) FROM {table}))")
