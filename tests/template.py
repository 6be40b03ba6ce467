"""A migrated database that the suite's processes copy: to migrate its own takes each ten seconds of a core."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from askpro.dev.up.postgres_binaries import find
from askpro.dev.up.servers import create_database

NAME: Final = "askpro_template"
# What tells the processes of the suite: the database to copy in their server, and its dump for servers of their own.
COPIED, DUMPED = "ASKPRO_TEST_TEMPLATE", "ASKPRO_TEST_DUMP"


_begun: list[tuple["subprocess.Popen[bytes]", str, Path]] = []


def begin(dump: Path) -> None:
    """Start to migrate a new database in the server of DATABASE_URL; this process's children are told of it, and of the
    file that will have its dump."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{NAME}").geturl()
    _drop()
    create_database(url)
    migrate = [sys.executable, "-m", "django", "migrate", "--verbosity", "0", "--settings", "tests.settings"]
    _begun.append((subprocess.Popen(migrate, env={**os.environ, "DATABASE_URL": url}), url, dump))
    os.environ[COPIED], os.environ[DUMPED] = NAME, str(dump)


def finish() -> None:
    """Wait for what was begun. Raises `CalledProcessError`."""
    while _begun:
        migration, url, dump = _begun.pop()
        if code := migration.wait():
            raise subprocess.CalledProcessError(code, migration.args)
        dump.write_text(dumped(url), encoding="utf-8")


def restore() -> None:
    """Write the template into the empty database of DATABASE_URL. Without a dump `migrate` has to do it all."""
    if path := os.environ.get(DUMPED):
        write(Path(path).read_text(encoding="utf-8"), os.environ["DATABASE_URL"])


def write(dump: str, url: str) -> None:
    """Write what was dumped into an empty database."""
    # Its own connection: the dump sets the path in which tables are looked for.
    with closing(psycopg2.connect(url, connect_timeout=5)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(dump)


def dumped(url: str) -> str:
    """A database as statements that any connection can execute."""
    parts = urlsplit(url)
    where = ["--host", parts.hostname or "", "--port", str(parts.port or 5432), "--username", parts.username or ""]
    said = subprocess.run(
        [find().bin / "pg_dump", "--inserts", "--no-owner", *where, parts.path.lstrip("/")],
        # Whoever lists the processes must not read the password.
        env={**os.environ, "PGPASSWORD": parts.password or ""},
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    # Lines that only psql understands.
    return "\n".join(line for line in said.stdout.splitlines() if not line.startswith("\\"))


def _drop() -> None:
    with closing(psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=5)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))
