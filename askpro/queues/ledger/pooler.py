"""Recognises a pooler that lends sessions by the transaction: nothing that the engine sets would last."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections

CURE = (
    "DATABASE_URL leads through a pooler that lends a session for one transaction at a time (PgBouncer with"
    " pool_mode = transaction). The engine's sessions have settings, prepared statements and names of their own. Give"
    " queues_run PostgreSQL's own address, or a database of the pooler with pool_mode = session."
)
# Who asks in turn. The first two questions tell a pooler that lends the session again that was returned last; with the
# others, one that lends a different one each time has to give itself away, however many it has.
TURNS = (0, 1, 1, 0, 0, 1)
# Other clients of the pooler may take sessions in between.
ROUNDS = 3


def is_in_between() -> bool:
    """Whether two connections that are open at once are lent each other's sessions, or a different one each time."""
    opened: list[Any] = []
    try:
        for _ in range(2):
            wrapper = connections.create_connection("default")
            opened.append(wrapper.get_new_connection(wrapper.get_connection_params()))
            opened[-1].autocommit = True
        return gives_itself_away([lambda raw=raw: _session_of(raw) for raw in opened])  # type: ignore[misc]
    finally:
        for raw in opened:
            raw.close()


def gives_itself_away(clients: Sequence[Callable[[], int]]) -> bool:
    """Whether what two clients are told, when they ask in turn for the ids of their sessions, shows that they share."""
    told: tuple[set[int], set[int]] = (set(), set())
    for client in TURNS * ROUNDS:
        told[client].add(clients[client]())
    return bool(told[0] & told[1]) or any(len(sessions) > 1 for sessions in told)


def _session_of(raw: Any) -> int:
    with raw.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
