"""Writes what is encrypted anew under the newest key, and what is still in plain, a few rows at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.apps import apps
from django.db import connection
from django.db.models.expressions import Col

from askpro.encryption.fields import Sealed, Sealing
from askpro.encryption.keys import Unreadable

# Each row is a statement of its own: nothing waits for more than one of them.
AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Place:
    """What could not be read: the column of a row."""

    model: str
    pk: int
    field: str

    def __str__(self) -> str:
        return f"{self.model} {self.pk}: {self.field}"


@dataclass(slots=True)
class Rewritten:
    """What became of one field's values that were not under the newest key."""

    column: str
    rewritten: int = 0
    # Somebody else wrote it meanwhile, and so under the newest key.
    changed: int = 0
    unreadable: list[Place] = field(default_factory=list)


def sealed_fields() -> Iterator[Sealing]:
    """Every encrypted field there is."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            yield from (each for each in model._meta.local_concrete_fields if isinstance(each, Sealing))


def rewrite(
    column: Sealing, *, is_dry: bool = False, note: Callable[[Rewritten], object] = lambda done: None
) -> Rewritten:
    """Rewrite one field's values; what is done stays done when it is interrupted, and the next run skips it.

    `is_dry` only reads. `note` is told after each page of rows. A row that is written meanwhile keeps what was written.
    """
    done, place = Rewritten(f"{column.model._meta.label}.{column.name}"), None
    while rows := _page(column, place):
        for pk, raw in rows:
            _rewrite_one(column, pk, raw, done, is_dry)
        place = rows[-1][0]
        note(done)
    return done


def _rewrite_one(column: Sealing, pk: Any, raw: Any, done: Rewritten, is_dry: bool) -> None:
    try:
        value = column.opened(_meant(column, raw))
    except Unreadable:
        done.unreadable.append(Place(column.model._meta.label, pk, column.name))
        return
    if is_dry or _replace(column, pk, raw, value):
        done.rewritten += 1
    else:
        done.changed += 1


def _page(column: Sealing, place: Any) -> list[tuple[Any, Any]]:
    table, name, key = _names(column)
    after, params = ("", []) if place is None else (f"{key} > %s AND ", [place])
    statement = f"SELECT {key}, {name} FROM {table} WHERE {after}{column.STALE.format(column=name)} ORDER BY {key}"
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} LIMIT {AT_ONCE}", [*params, column.newest_start()])
        return [(pk, bytes(raw) if isinstance(raw, memoryview) else raw) for pk, raw in cursor.fetchall()]


def _meant(column: Sealing, raw: Any) -> Any:
    read = column.from_db_value(raw, Col(column.model._meta.db_table, column), connection)
    return read.stored if isinstance(read, Sealed) else read


def _replace(column: Sealing, pk: Any, raw: Any, value: Any) -> bool:
    table, name, key = _names(column)
    # Compared as the database wrote it: a number of JSON may have more digits than Python keeps.
    params = [column.get_db_prep_value(value, connection), pk, raw]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {name} = %s WHERE {key} = %s AND {name} = %s", params)
        return bool(cursor.rowcount == 1)


def _names(column: Sealing) -> tuple[str, str, str]:
    quote = connection.ops.quote_name
    meta = column.model._meta
    return quote(meta.db_table), quote(str(column.column)), quote(str(meta.pk.column))
