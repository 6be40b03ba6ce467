"""Wrong configuration fails at start, with the fix in the message."""

import difflib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import ProgrammingError, connection
from django.db.models.functions import Now
from django.utils.module_loading import autodiscover_modules, import_string
from dramatiq import get_broker
from dramatiq.errors import ActorNotFound

from askpro.queues import guest, schedule
from askpro.queues.config import InvalidQueueSettings, pools, unworked_queues
from askpro.queues.models import Supervisor

ALIVE = (Supervisor.Status.RUNNING, Supervisor.Status.STOPPING)
SCHEDULE_HINT = "Correct the entry in askpro/queue_settings.py."


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


@register(Tags.compatibility)
def check_schedule(**_: Any) -> list[CheckMessage]:
    """Every entry of the schedule names a moment, an actor, and arguments that the actor takes."""
    autodiscover_modules("tasks")
    try:
        entries = schedule.entries()
    except schedule.InvalidSchedule as error:
        return [Error(f"SCHEDULE, {error}", hint=SCHEDULE_HINT, id="queues.E004")]
    problems = ((entry.name, _problem_with(entry)) for entry in entries.values())
    return [Error(f"SCHEDULE, {name}: {said}", hint=SCHEDULE_HINT, id="queues.E005") for name, said in problems if said]


def _problem_with(entry: schedule.Entry) -> str:
    try:
        entry.message()
    except ActorNotFound:
        near = difflib.get_close_matches(entry.actor, get_broker().actors, n=1)
        return f"no actor {entry.actor!r}." + (f" Did you mean {near[0]!r}?" if near else "")
    except ValueError as error:
        return str(error)
    return ""


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


@register(Tags.database)
def check_chores(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """Whoever works the queues with Dramatiq's own commands has a `queues_run` for the chores."""
    if not databases or "default" not in databases:
        return []
    try:
        alive = set(
            Supervisor.objects.filter(status__in=ALIVE, beat_at__gt=Now() - timedelta(seconds=30)).values_list(
                "environment", flat=True
            )
        )
    except ProgrammingError:
        return []  # nothing is migrated yet
    return [Warning(guest.NO_CHORES, id="queues.W003")] if alive == {guest.DRAMATIQ} else []


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
