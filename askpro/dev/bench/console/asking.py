"""Opens a page as a browser does, and says how long it took and what it asked of PostgreSQL."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.core.signals import request_finished
from django.db import close_old_connections, connection
from django.http.response import HttpResponseBase
from django.test import Client

from askpro.dev.bench.console.addresses import Address

# Whoever aggregates more rows than this, by PostgreSQL's own estimate, counts without an end.
MOST_COUNTED: Final = 25_000


@dataclass(slots=True)
class Asked:
    """What is known of one address. `times` are milliseconds, one for each round, and `work` those in which a processor
    was used for it, ours or PostgreSQL's; `endless` are statements that count more rows than anybody reads.
    """

    address: Address
    status: int
    queries: int = 0
    times: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    endless: list[str] = field(default_factory=list)

    @property
    def is_page(self) -> bool:
        """Rather than a way to another one, or an act that is asked for otherwise."""
        return self.status == 200


def first(client: Client, address: Address) -> tuple[Asked, str]:
    """Look at it once, in passing: what it asks, and its text."""
    with statements() as asked_for:
        answer = _answer(client, address)
    asked = Asked(address, answer.status_code, len(asked_for))
    asked.endless = [sql for sql, values in asked_for if _counts_endlessly(sql, values)]
    return asked, "" if answer.streaming else answer.content.decode(errors="replace")


def take_time(client: Client, asked: Asked) -> None:
    began, worked = time.perf_counter(), _worked()
    _answer(client, asked.address)
    asked.times.append(1000 * (time.perf_counter() - began))
    asked.work.append(_worked() - worked)


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """What is asked of PostgreSQL in the block, with its values."""
    found: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def _worked() -> float:
    """Milliseconds of processor time that this process and its session of PostgreSQL have used."""
    return 1000 * time.process_time() + _of_session() / 1e6


def _of_session() -> int:
    """Nanoseconds; 0 where the server runs on another machine."""
    try:
        told = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text("ascii")
    except OSError:
        return 0
    return int(told.split()[0])


def _answer(client: Client, address: Address) -> Any:
    """The whole answer; of a file that is sent while it is read, its first part."""
    path, posted = address.path, dict(address.posted)
    answer: HttpResponseBase = client.post(path, posted) if posted else client.get(path)
    if answer.streaming:
        next(iter(answer), None)
        _close(answer)
    return answer


def _close(answer: HttpResponseBase) -> None:
    """Leave our session of PostgreSQL open, as the client does at the end of an answer that was read whole."""
    request_finished.disconnect(close_old_connections)
    try:
        answer.close()
    finally:
        request_finished.connect(close_old_connections)


def _counts_endlessly(sql: str, values: Any) -> bool:
    if not sql.lstrip(" (\n").startswith(("SELECT", "WITH")) or "(" not in sql:
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", values)
        (told,) = cursor.fetchone()
    plan = json.loads(told) if isinstance(told, str) else told
    return any(
        child["Plan Rows"] > MOST_COUNTED
        for node in _nodes(plan[0]["Plan"])
        if node["Node Type"] == "Aggregate"
        for child in node.get("Plans", ())
    )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
