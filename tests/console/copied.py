"""Rows that are made once in a process and copied for each test: to make the console's world anew takes a third of a
second."""

import pickle
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from io import StringIO
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from tests.console.factories import make_world
from tests.console.world import World
from tests.tables import OF_MIGRATE

Made = TypeVar("Made")
# Every table's columns, but those that PostgreSQL computes; of a table in parts, the whole.
COLUMNS = """
SELECT relname, string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_class
  JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
 WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace AND relname <> ALL(%s)
 GROUP BY relname
"""
# As PostgreSQL writes a moment.
MOMENT = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?\+00\b")


@dataclass(frozen=True)
class Copy:
    """What a function wrote and returned."""

    made_at: datetime
    returned: bytes
    # The rows of each table, by the words that name it with its columns.
    rows: dict[str, str]


_last: dict[Callable[[], Any], Copy] = {}


def world() -> World:
    """The world as if it had just been made; its rows are in the test's transaction."""
    return made_by(make_world)


def made_by(make: Callable[[], Made]) -> Made:
    """What `make` returns, a dataclass, as if it had just been called; the rows that it writes are in the test's
    transaction."""
    now = timezone.now()
    if make not in _last or _hour(_last[make].made_at) != _hour(now):
        # In a thread, whose connection sees nothing of what the test has written.
        with ThreadPoolExecutor(1) as aside:
            _last[make] = aside.submit(_make, make).result()
    copy = _last[make]
    later = partial(_later, copy.made_at, timezone.now())
    with connection.cursor() as cursor:
        for table, rows in copy.rows.items():
            moved = MOMENT.sub(lambda found: later(datetime.fromisoformat(found[0])).isoformat(" "), rows)
            cursor.copy_expert(f"COPY {table} FROM STDIN", StringIO(moved))
    made: Made = pickle.loads(copy.returned)
    _move(made, later)
    return made


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _make(make: Callable[[], Any]) -> Copy:
    try:
        with transaction.atomic():
            before = dict(_rows())
            made = pickle.dumps(make())
            written = {table: rows for table, rows in _rows() if rows != before.get(table)}
            copy = Copy(timezone.now(), made, written)
            transaction.set_rollback(True)
            return copy
    finally:
        connection.close()


def _rows() -> Iterable[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, [list(OF_MIGRATE)])
        for name, columns in cursor.fetchall():
            written = StringIO()
            cursor.copy_expert(f"COPY (SELECT {columns} FROM {connection.ops.quote_name(name)}) TO STDOUT", written)
            if text := written.getvalue():
                yield f"{connection.ops.quote_name(name)} ({columns})", text


def _later(made_at: datetime, now: datetime, moment: datetime) -> datetime:
    """The moment as it would have been made now; one that was made of a whole minute or hour stays one."""
    if moment.second or moment.microsecond:
        return moment + (now - made_at)
    if moment.minute:
        return moment + (now.replace(second=0, microsecond=0) - made_at.replace(second=0, microsecond=0))
    return moment


def _move(made: Any, later: Callable[[datetime], datetime]) -> None:
    waiting: list[Any] = [row for each in fields(made) for row in getattr(made, each.name)]
    seen: set[int] = set()
    while waiting:
        row = waiting.pop()
        if not isinstance(row, Model) or id(row) in seen:
            continue
        seen.add(id(row))
        waiting += row._state.fields_cache.values()
        for name, value in vars(row).items():
            if isinstance(value, datetime):
                setattr(row, name, later(value))
