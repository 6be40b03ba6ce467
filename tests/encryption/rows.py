"""A row for every encrypted field there is, made from the models themselves."""

from collections.abc import Iterator
from typing import Any

from django.db import connection, models

from askpro.encryption.fields import Sealing
from askpro.encryption.rotation import sealed_fields

WORDS = "Guten Tag, hier spricht Frau Zeisig."


def value_for(field: Sealing) -> Any:
    if isinstance(field, models.JSONField):
        return {"spoken": WORDS, "number": 3.5}
    return WORDS.encode() if isinstance(field, models.BinaryField) else WORDS


def fill() -> list[tuple[Sealing, int]]:
    """One row of each encrypted field with words in it, as (field, key)."""
    filled = []
    for field in sealed_fields():
        row = field.model._default_manager.order_by("pk").first()
        assert row is not None, f"the world has no {field.model._meta.label}: add one"
        setattr(row, field.attname, value_for(field))
        row.save(update_fields=[field.name])
        filled.append((field, row.pk))
    return filled


def raw(field: Sealing, pk: int) -> Any:
    meta = field.model._meta
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {field.column} FROM {meta.db_table} WHERE {meta.pk.column} = %s", [pk])
        found = cursor.fetchone()[0]
    return bytes(found) if isinstance(found, memoryview) else found


def write_plain(field: Sealing, pk: int) -> None:
    """As an earlier release stored it."""
    plain = models.JSONField().get_db_prep_value(value_for(field), connection)
    meta, value = field.model._meta, plain if isinstance(field, models.JSONField) else value_for(field)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {meta.db_table} SET {field.column} = %s WHERE {meta.pk.column} = %s", [value, pk])


def read(filled: list[tuple[Sealing, int]]) -> Iterator[tuple[str, Any]]:
    for field, pk in filled:
        yield str(field), getattr(field.model._default_manager.get(pk=pk), field.attname)
