"""Wrong configuration fails at start, with the fix in the message."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection
from django.utils.module_loading import import_string

from askpro.queues.config import InvalidQueueSettings, pools, unworked_queues


@register(Tags.compatibility)
def check_queue_settings(**_: Any) -> list[CheckMessage]:
    """The pools can be read, and every queue has somebody who works it."""
    try:
        unworked = unworked_queues(settings.ENVIRONMENT)
    except InvalidQueueSettings as error:
        return [Error(str(error), id="queues.E001")]
    if unworked:
        return [
            Error(
                f"No pool of {settings.ENVIRONMENT!r} works {sorted(unworked)}: their jobs would wait for ever.",
                hint="Add the queues to a pool in askpro/queue_settings.py.",
                id="queues.E002",
            )
        ]
    return []


@register(Tags.compatibility)
def check_sweepers(**_: Any) -> list[CheckMessage]:
    """Every sweeper in the settings exists."""
    errors: list[CheckMessage] = []
    for path in settings.SWEEPERS:
        try:
            import_string(path)
        except ImportError as error:
            errors.append(Error(f"SWEEPERS names {path}: {error}.", hint="Correct settings.py.", id="queues.E003"))
    return errors


@register(Tags.database)
def check_connections(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """This host's processes fit into PostgreSQL's connections."""
    if not databases or "default" not in databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        limit = int(cursor.fetchone()[0])
    # One engine connection a process, one Django connection a thread; the chores have two.
    needed = 2 + sum(pool.processes * (1 + pool.threads) for pool in pools(settings.ENVIRONMENT))
    if needed > limit * 0.8:
        return [
            Warning(
                f"One supervisor opens up to {needed} connections; PostgreSQL allows {limit} in all.",
                hint="Raise max_connections, or lower processes and threads in askpro/queue_settings.py.",
                id="queues.W001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_secrets(**_: Any) -> list[CheckMessage]:
    """What production cannot do without."""
    needed = {
        "SECRET_KEY": settings.SECRET_KEY,
        "RETELL_API_KEYS": settings.RETELL_API_KEYS,
        "CALCOM_API_KEY": settings.CALCOM_API_KEY,
        "CALCOM_WEBHOOK_SECRETS": settings.CALCOM_WEBHOOK_SECRETS,
        "TWILIO_ACCOUNT_SID": settings.TWILIO_ACCOUNT_SID,
        "TWILIO_AUTH_TOKENS": settings.TWILIO_AUTH_TOKENS,
    }
    return [
        Warning(f"{name} is empty.", hint=f"Set {name} in the environment (deploy/env.example).", id="queues.W002")
        for name, value in needed.items()
        if not value
    ]
