"""Numbers of rows, all by one statement, and none counted further than anybody reads."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from askpro.console import display

# A number ends here, whatever the table holds.
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; `is_capped`: at least so many."""

    number: int = 0
    is_capped: bool = False

    def __bool__(self) -> bool:
        return self.number > 0

    def and_more(self, other: "Count") -> "Count":
        """Both together."""
        return Count(self.number + other.number, self.is_capped or other.is_capped)

    def __str__(self) -> str:
        words = display.number(self.number)
        return f"{words}+" if self.is_capped else words


def counted(rows: Mapping[str, QuerySet[Any]], most: int = MOST) -> dict[str, Count]:
    """How many rows each query has, under its name."""
    found = {name: Count() for name in rows}
    parts: list[str] = []
    values: list[Any] = []
    for name, each in rows.items():
        with suppress(EmptyResultSet):
            sql, own = _limited(each, most)
            parts.append(f"SELECT %s, count(*) FROM ({sql}) AS limited")
            values += [name, *own]
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), values)
            found |= {name: Count(min(number, most), number > most) for name, number in cursor.fetchall()}
    return found


def _limited(rows: QuerySet[Any], most: int) -> tuple[str, tuple[Any, ...]]:
    """The query with an end of its own, or with ours. Raises `EmptyResultSet` for one that can have no rows."""
    ended = rows if rows.query.is_sliced else rows.order_by()[: most + 1]
    sql, values = ended.values("pk").query.sql_with_params()
    return sql, tuple(values)
