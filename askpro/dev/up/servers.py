"""The two servers that AskPro needs: those named in the environment, else two of its own."""

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from askpro.dev.up.failure import Failure
from askpro.dev.up.home import Home
from askpro.dev.up.postgres import PostgreSQL
from askpro.dev.up.valkey import Valkey


class Servers:
    """PostgreSQL and Redis for one home. DATABASE_URL and REDIS_URL each name a server to use instead."""

    def __init__(self, home: Home) -> None:
        self._postgres = None if os.environ.get("DATABASE_URL") else PostgreSQL(home)
        self._valkey = None if os.environ.get("REDIS_URL") else Valkey(home)

    def __enter__(self) -> "Servers":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start what is ours and make sure that the database exists."""
        with ExitStack() as undo:
            undo.callback(self.stop)
            for server in self._own:
                server.start()
            create_database(self.database_url)
            undo.pop_all()

    def stop(self) -> None:
        for server in reversed(self._own):
            server.stop()

    def revive(self) -> list[str]:
        """Restart dead servers on their ports and return their names. Raises Failure if a port is taken by now."""
        before = self.env
        dead = [server for server in self._own if not server.is_alive()]
        for server in dead:
            server.start()
        if self.env != before:
            raise Failure("A server's port was taken while it was down.", "Start again; nothing is lost.")
        return [server.name for server in dead]

    @property
    def database_url(self) -> str:
        return self._postgres.url() if self._postgres else os.environ["DATABASE_URL"]

    @property
    def redis_url(self) -> str:
        return self._valkey.url if self._valkey else os.environ["REDIS_URL"]

    @property
    def cluster(self) -> Path | None:
        """The folder of the cluster, if the PostgreSQL is ours."""
        return self._postgres.data if self._postgres else None

    @property
    def env(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}

    @property
    def _own(self) -> list[PostgreSQL | Valkey]:
        return [server for server in (self._postgres, self._valkey) if server]


def create_database(url: str) -> None:
    """Create the database of `url` when its server lacks it. Raises Failure without the password in it."""
    parts = urlsplit(url)
    try:
        psycopg2.connect(_dsn(url), connect_timeout=5).close()
        return
    except psycopg2.OperationalError as error:
        if "does not exist" not in str(error):
            raise Failure(
                f"{parts.hostname}:{parts.port or 5432} refuses: {str(error).splitlines()[0]}",
                "Check DATABASE_URL, or unset it and AskPro starts a PostgreSQL of its own.",
            ) from error
    name = parts.path.lstrip("/")
    connection = psycopg2.connect(_dsn(parts._replace(path="/postgres").geturl()), connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    finally:
        connection.close()


def _dsn(url: str) -> str:
    """django-environ also writes pgsql:// and psql://; libpq knows only postgres://."""
    return urlsplit(url)._replace(scheme="postgres").geturl()
