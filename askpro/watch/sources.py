"""Whether the stores answer: one question each, over a connection of its own, in bounded time."""

import select
import time
from contextlib import closing
from typing import Any

import psycopg2
import redis
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_noop
from psycopg2 import extensions

from askpro.queues.ledger import redis_address

SILENT = gettext_noop("It does not answer within %(seconds)s s")
AWAY = gettext_noop("No connection to it")
FULL = gettext_noop("It has no connection left")
STARTING = gettext_noop("It is starting, stopping or recovering")
REFUSED = gettext_noop("It refuses the log-in")
SAYS = (SILENT, AWAY, FULL, STARTING, REFUSED)
# By what the server says, since a connection that failed has no code; its own text may name hosts and users.
_SAID = {
    "too many clients": FULL,
    "remaining connection slots": FULL,
    "starting up": STARTING,
    "shutting down": STARTING,
    "recovery": STARTING,
    "authentication": REFUSED,
    "does not exist": REFUSED,
}


def postgres_refusal(seconds: float) -> str:
    """Why PostgreSQL does not answer; empty when it does. Takes about `seconds` at most, also while it is frozen."""
    try:
        postgres_row("SELECT 1", seconds)
    except TimeoutError:
        return SILENT % {"seconds": f"{seconds:g}"}
    except psycopg2.Error as error:
        said = str(error).lower()
        return next((words for part, words in _SAID.items() if part in said), AWAY)
    return ""


def postgres_row(question: str, seconds: float) -> tuple[Any, ...]:
    """One row from a new session, which has what the server's settings say now. Raises `psycopg2.Error` and
    `TimeoutError`.
    """
    ends_at = time.monotonic() + seconds
    # libpq's own time-outs cover neither a server that accepts and says nothing nor one that hangs in a query.
    with closing(psycopg2.connect(**_parameters(), async_=1)) as asked:
        _wait(asked, ends_at)
        cursor = asked.cursor()  # the connection itself does not keep it
        cursor.execute(question)
        _wait(asked, ends_at)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def redis_refusal(seconds: float) -> str:
    """The same of Redis; empty as well where none is configured."""
    if not settings.REDIS_URL:
        return ""
    try:
        with redis_client(seconds) as client:
            client.ping()
    except redis.TimeoutError:
        return SILENT % {"seconds": f"{seconds:g}"}
    except redis.AuthenticationError:
        return REFUSED
    except redis.BusyLoadingError:
        return STARTING
    except (redis.RedisError, OSError):
        return AWAY
    return ""


def redis_client(seconds: float) -> redis.Redis:
    """A client that waits `seconds` for a connection and for each answer, and tries once."""
    return redis_address.client(
        settings.REDIS_URL,
        socket_connect_timeout=seconds,
        socket_timeout=seconds,
    )


def _parameters() -> dict[str, Any]:
    parameters = connection.get_connection_params()
    # Words of our backend for psycopg2, which an asynchronous connection does not know.
    return {name: value for name, value in parameters.items() if not name.endswith("_factory")}


def _wait(asked: extensions.connection, ends_at: float) -> None:
    """Until it has done what it was asked to do. Raises `TimeoutError`."""
    while (state := asked.poll()) != extensions.POLL_OK:
        left = ends_at - time.monotonic()
        reads, writes = ([asked], []) if state == extensions.POLL_READ else ([], [asked])
        if left <= 0 or not any(select.select(reads, writes, [], left)):
            raise TimeoutError("PostgreSQL does not answer in time")
