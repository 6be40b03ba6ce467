"""The rows that were written, before and after: each column that differs, by the model's name of its field."""

import json
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from typing import Any, Final

from django.db import connection
from django.db.models import BinaryField, Model

from askpro.console.dry_run.report import Change
from askpro.encryption.fields import Sealing
from askpro.encryption.keys import Unreadable

# Characters of each value.
LONGEST: Final = 300
# In place of what is encrypted.
SEALED: Final = "•••"
Images = dict[str, dict[str, Any]]


def images(table: str, model: type[Model], keys: Iterable[str]) -> Images:
    """The rows with these keys as they are now, by key. Of what is encrypted, a digest of what it says."""
    pk = model._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT "{pk.column}"::text, to_jsonb("{table}")::text FROM "{table}"'
            f' WHERE "{pk.column}" = ANY(%s::{pk.rel_db_type(connection)}[])',
            [list(keys)],
        )
        return {key: _without_secrets(model, json.loads(row)) for key, row in cursor.fetchall()}


def changes(model: type[Model], keys: Iterable[str], before: Images, after: Images) -> list[Change]:
    """In the order in which the rows were first written. A row that ends as it began has not changed."""
    found = (_change(model, key, before.get(key), after.get(key)) for key in keys)
    return [change for change in found if change is not None]


def _without_secrets(model: type[Model], row: dict[str, Any]) -> dict[str, Any]:
    """Two encryptions of one value differ, so what they say is compared; and no value leaves this process."""
    for field in model._meta.concrete_fields:
        column = str(field.column)
        if isinstance(field, Sealing) and row[column]:
            row[column] = _digest(field, row[column])
    return row


def _digest(field: Sealing, stored: str) -> str:
    # A column of bytes comes as hexadecimal digits after "\\x".
    value: Any = bytes.fromhex(stored[2:]) if isinstance(field, BinaryField) else stored
    with suppress(Unreadable):
        value = field.opened(value)
    return sha256(repr(value).encode()).hexdigest()


def _change(model: type[Model], key: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Change | None:
    if old == new:
        return None
    columns = []
    for field in model._meta.concrete_fields:
        before, after = (old or {}).get(str(field.column)), (new or {}).get(str(field.column))
        if before == after or (None in (old, new) and not (before or after)):
            continue
        if isinstance(field, Sealing):
            before, after = before and SEALED, after and SEALED
        columns.append((field.name, _short(before), _short(after)))
    return Change(model._meta.label, key, columns, is_new=old is None, is_deleted=new is None)


def _short(value: Any) -> Any:
    text = value if isinstance(value, str) else json.dumps(value)
    return value if len(text) <= LONGEST else f"{text[:LONGEST]}…"
