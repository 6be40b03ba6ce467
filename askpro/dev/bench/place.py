"""Where a run takes place: a database, Redis keys and a folder of its own; gone afterwards, unless kept."""

import os
import shutil
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from urllib.parse import SplitResult, urlsplit

import psycopg2
import redis
from psycopg2 import errors, sql

from askpro.dev.bench import orphans
from askpro.dev.bench.ear import EAR
from askpro.dev.bench.pressure.marks import MARKS
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.up.failure import Failure

# Seconds within which Redis has read what a process sent before it ended.
LAST_WORDS = 0.1


class Place:
    """Uses the servers of DATABASE_URL and REDIS_URL as they are. Enter it before Django reads its settings.

    With `keep`, the database called `name` is the one that an earlier run has kept, and stays for the next one.
    """

    def __init__(self, name: str = "bench", *, keep: bool = False) -> None:
        self._keep = keep
        self._url = urlsplit(os.environ.get("DATABASE_URL", ""))._replace(scheme="postgres")
        self._redis_url = os.environ.get("REDIS_URL", "")
        if not self._url.hostname or not self._redis_url:
            raise Failure("DATABASE_URL and REDIS_URL are not both set.", "Start it as: python3 manage.py bench")
        self.database = f"{self._url.path.lstrip('/')}_{name}"
        self._address = f"{self._url.hostname}:{self._url.port}/{self.database}"
        # The same in every run, so that the next run also removes what a killed one has left.
        self.prefix = f"askpro-bench-{sha256(self._address.encode()).hexdigest()[:8]}"
        self.folder = Path()

    def __enter__(self) -> "Place":
        orphans.end(self._address)
        if not self._keep:
            self._drop(force=False)
        self._create()
        self._forget_keys()
        self.folder = Path(tempfile.mkdtemp(prefix="askpro-bench-"))
        os.environ.update(LOCAL | self._own() | orphans.mark(self._address))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._keep:
            self._drop(force=True)
        self._forget_keys()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _own(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self._url._replace(path=f"/{self.database}").geturl(),
            "REDIS_KEY_PREFIX": self.prefix,
            "DJANGO_SETTINGS_MODULE": "askpro.dev.bench.settings",
            "ASKPRO_ENV": "testing",
            "ASKPRO_HOME": str(self.folder),
            "LOG_LEVEL": "WARNING",
            "EMAIL_URL": "dummymail://",
            EAR: str(self.folder / "ear"),
            MARKS: str(self.folder / "marks"),
        }

    def _forget_keys(self) -> None:
        client = redis.Redis.from_url(self._redis_url)
        try:
            while keys := list(client.scan_iter(f"{self.prefix}:*", count=1000)):
                client.delete(*keys)
                time.sleep(LAST_WORDS)
        except redis.RedisError as error:
            raise Failure(f"Redis refuses: {error}", "Check REDIS_URL, or unset it.") from error
        finally:
            client.close()

    def _create(self) -> None:
        try:
            self._administer("CREATE DATABASE {}")
        except errors.DuplicateDatabase:
            if not self._keep:
                raise

    def _drop(self, *, force: bool) -> None:
        try:
            self._administer("DROP DATABASE IF EXISTS {}" + (" WITH (FORCE)" if force else ""))
        except errors.ObjectInUse as error:
            raise Failure(
                f"The database {self.database} is in use: another benchmark is running.",
                "Wait for it to end.",
            ) from error

    def _administer(self, statement: str) -> None:
        address: SplitResult = self._url._replace(path="/postgres")
        try:
            connection = psycopg2.connect(address.geturl(), connect_timeout=5)
        except psycopg2.OperationalError as error:
            reason = str(error).splitlines()[0]
            raise Failure(f"PostgreSQL refuses: {reason}", "Check DATABASE_URL, or unset it.") from error
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL(statement).format(sql.Identifier(self.database)))
        finally:
            connection.close()
