"""Whether this process can take webhooks and jobs."""

import logging
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import psycopg2
import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from askpro.health.shared import Shared
from askpro.queues.fleet.state import SILENT_AFTER
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.ledger.hints import connect
from askpro.queues.states import LIVING
from webhooks.inbox import unstored

log = logging.getLogger(__name__)

# Seconds: how old an answer may be, how long one may take, and how long each step of Redis's may.
FRESH: Final = 1.0
PATIENCE: Final = 2.5
REDIS_SECONDS: Final = 0.3
OK: Final = "ok"
# One row, written again: a server that is full or read-only answers every SELECT.
PROBE: Final = f"""
INSERT INTO health_probe (id, at) VALUES (1, clock_timestamp()) ON CONFLICT (id) DO UPDATE SET at = excluded.at
RETURNING EXISTS (
    SELECT 1 FROM queues_supervisor AS host JOIN queues_worker AS worker ON worker.supervisor_id = host.id
     WHERE host.status IN {LIVING} AND host.beat_at > clock_timestamp() - interval '{SILENT_AFTER} seconds'
       AND worker.status = 'running')
"""

_database = EngineConnection()
_migrated = False


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was found of each part; "ok" means that it works."""

    database: str = "no answer"
    migrations: str = "unknown"
    workers: str = "unknown"
    redis: str = "unknown"
    webhooks: str = OK

    @property
    def is_ready(self) -> bool:
        """Whether webhooks and jobs can be taken. Workers may come later, and everything works without Redis."""
        return self.database == self.migrations == self.webhooks == OK

    @property
    def word(self) -> str:
        """`degraded` is ready, too: what comes in is kept, and nobody works on it."""
        if not self.is_ready:
            return "not ready"
        return "ready" if self.workers == OK else "degraded"


def readiness() -> Readiness:
    """What is known now, at most a second old. Never takes longer than `PATIENCE` seconds, and never raises."""
    found = SHARED.get() or Readiness()
    refused = "refused lately" if unstored.were_refused_lately() else OK
    return Readiness(found.database, found.migrations, found.workers, found.redis, refused)


def look() -> Readiness:
    """Ask PostgreSQL and Redis. May hang for as long as they do."""
    found = _asked_redis()
    try:
        ((is_worked,),) = _probed()
    except psycopg2.errors.UndefinedTable:
        return Readiness(OK, "missing", redis=found)
    except psycopg2.Error as error:
        return Readiness(_trouble(error), redis=found)
    return Readiness(OK, _migrations(), OK if is_worked else "none", found)


SHARED = Shared(look, FRESH, PATIENCE)


def _probed() -> list[tuple[Any, ...]]:
    """Once more on a new connection: the one before may have ended with a server that is back."""
    try:
        return _database.rows(PROBE)
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        return _database.rows(PROBE)


def _trouble(error: psycopg2.Error) -> str:
    if isinstance(error, psycopg2.errors.ReadOnlySqlTransaction):
        return "read-only"
    return "full" if isinstance(error, psycopg2.errors.DiskFull) else "down"


def _migrations() -> str:
    """Checked until all are applied; after that this process matches its database and checks no more."""
    global _migrated
    if not _migrated:
        try:
            executor = MigrationExecutor(connection)
            _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError:
            return "unknown"
        finally:
            connection.close()
    return OK if _migrated else "missing"


def _asked_redis() -> str:
    client = _client(settings.REDIS_URL)
    if client is None:
        return "off"
    try:
        client.ping()
    except (redis.RedisError, OSError):
        return "down"
    return OK


@cache
def _client(url: str) -> "redis.Redis | None":
    return connect(REDIS_SECONDS)
