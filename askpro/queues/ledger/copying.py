"""Rows as the lines of a COPY: PostgreSQL takes many of them in one message, without parsing or planning any."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

from django.db import connection

NULL = "\\N"


def copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows of plain values into a table, in the caller's transaction."""
    lines = StringIO("".join([f"{line(row)}\n" for row in rows]))
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", lines)


def line(values: Iterable[Any]) -> str:
    """A row in COPY's text format. Raises `ValueError` for a NUL, and `KeyError` for a kind of value unknown here."""
    return "\t".join([_TEXTS[type(value)](value) for value in values])


def _text(value: str) -> str:
    if value.isidentifier():
        return value
    if "\x00" in value:
        raise ValueError("A string literal cannot contain NUL (0x00) characters.")
    return value.replace("\\", r"\\").replace("\t", r"\t").replace("\n", r"\n").replace("\r", r"\r")


def _array(values: Sequence[str]) -> str:
    quoted = [value.replace("\\", r"\\").replace('"', r"\"") for value in values]
    return _text("{" + ",".join([f'"{value}"' for value in quoted]) + "}")


_TEXTS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: NULL,
    bool: lambda value: "t" if value else "f",
    int: str,
    str: _text,
    list: _array,
    datetime: datetime.isoformat,
}
