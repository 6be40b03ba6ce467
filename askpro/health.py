"""The two addresses that a load balancer or an orchestrator asks."""

from contextlib import closing

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from redis.backoff import NoBackoff
from redis.retry import Retry

CONNECT_SECONDS = 2  # the least that libpq accepts
REDIS_SECONDS = 0.3

_migrated = False


@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """200 while the process serves requests at all."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """200 when jobs and webhooks can be taken: PostgreSQL answers and its schema is complete; else 503.

    Redis is only reported: everything works without it.
    """
    checks = {"database": _database(), "migrations": "unknown", "redis": _redis()}
    if checks["database"] == "ok":
        checks["migrations"] = _migrations()
    is_ready = checks["database"] == checks["migrations"] == "ok"
    return JsonResponse(
        {"status": "ready" if is_ready else "not ready", "checks": checks}, status=200 if is_ready else 503
    )


def _database() -> str:
    """Connects each time: libpq has a time-out for connecting, but none for a query on a hung server."""
    parameters = {**connection.get_connection_params(), "connect_timeout": CONNECT_SECONDS}
    try:
        with (
            connection.wrap_database_errors,
            closing(connection.get_new_connection(parameters)) as probe,
            probe.cursor() as cursor,
        ):
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "down"
    return "ok"


def _migrations() -> str:
    """Checked until all are applied; after that this process matches its database and checks no more."""
    global _migrated
    if not _migrated:
        try:
            executor = MigrationExecutor(connection)
            _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError:
            return "unknown"
    return "ok" if _migrated else "missing"


def _redis() -> str:
    if not settings.REDIS_URL:
        return "off"
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=REDIS_SECONDS,
        socket_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        client.ping()
    except (redis.RedisError, OSError):
        return "down"
    finally:
        client.close()
    return "ok"
