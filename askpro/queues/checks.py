"""Wrong configuration fails at start, with the fix in the message."""

import difflib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import ProgrammingError, connection
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules, import_string
from dramatiq import get_broker
from dramatiq.errors import ActorNotFound

from askpro.queues.chores import schedule
from askpro.queues.config import InvalidQueueSettings, Pool, job_defaults, pools, retention, unworked_queues
from askpro.queues.fleet import heartbeat
from askpro.queues.fleet.state import SILENT_AFTER
from askpro.queues.jobs.actor import LedgerActor
from askpro.queues.ledger import hints, pooler
from askpro.queues.models import Supervisor

PLACE = "askpro/queue_settings.py"
SCHEDULE_HINT = f"Correct the entry in {PLACE}."


def everything(environment: str) -> list[CheckMessage]:
    """Every check of the queues, for the pools of one environment; asks PostgreSQL for its limit."""
    messages = queue_settings(environment)
    if messages:
        return messages
    chosen = pools(environment)
    return [
        *time_limits(chosen),
        *ladders(),
        *check_retention(),
        *check_sweepers(),
        *check_schedule(),
        *connections(chosen),
        *sessions(),
    ]


def queue_settings(environment: str) -> list[CheckMessage]:
    """The pools can be read, and every queue is worked by a pool."""
    try:
        unworked = unworked_queues(environment)
    except InvalidQueueSettings as error:
        return [Error(str(error), hint=f"Correct {PLACE}.", id="queues.E001")]
    if unworked:
        return [
            Error(
                f"No pool of {environment!r} works {sorted(unworked)}: their jobs would wait for ever.",
                hint=f"Add the queues to a pool in {PLACE}.",
                id="queues.E002",
            )
        ]
    return []


def time_limits(chosen: Sequence[Pool]) -> list[CheckMessage]:
    """No job may run longer than its pool allows: a stop would kill it half-way through."""
    autodiscover_modules("tasks")
    worked_by = {queue: pool for pool in chosen for queue in pool.queues}
    errors: list[CheckMessage] = []
    for actor in get_broker().actors.values():
        pool = worked_by.get(actor.queue_name)
        if isinstance(actor, LedgerActor) and pool and actor.word("time_limit") > pool.time_limit * 1000:
            errors.append(_runs_too_long(actor.actor_name, actor.word("time_limit") / 1000, pool))
    return errors


def ladders() -> list[CheckMessage]:
    """No job has more pauses than retries: the author must have expected more tries."""
    autodiscover_modules("tasks")
    return [
        Warning(
            f"{actor.actor_name} has {len(actor.options['backoff'])} pauses for {actor.word('max_retries')} retries.",
            hint="Raise max_retries, or leave the last pauses out. Tries include the first run, retries do not.",
            id="queues.W004",
        )
        for actor in get_broker().actors.values()
        if isinstance(actor, LedgerActor)
        and len(actor.options.get("backoff", ())) > actor.word("max_retries")
        and actor.options["backoff"] != job_defaults(actor.queue_name).get("backoff")
    ]


def connections(chosen: Sequence[Pool]) -> list[CheckMessage]:
    """This host's processes fit into PostgreSQL's connections."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        limit = int(cursor.fetchone()[0])
    # One engine connection per process, one Django connection per thread; the chores have two.
    needed = 2 + sum(pool.max_processes * (1 + pool.threads) for pool in chosen)
    if needed <= limit * 0.8:
        return []
    return [
        Warning(
            f"One supervisor opens up to {needed} connections; PostgreSQL allows {limit} in all.",
            hint=f"Raise max_connections, or lower max_processes and threads in {PLACE}.",
            id="queues.W001",
        )
    ]


def sessions() -> list[CheckMessage]:
    """What the engine sets in a session stays there."""
    return [Error("Sessions do not last.", hint=pooler.CURE, id="queues.E011")] if _is_pooled() else []


def _is_pooled() -> bool:
    return settings.DATABASE_POOLED or pooler.is_in_between()


@register(Tags.compatibility)
def check_queue_settings(**_: Any) -> list[CheckMessage]:
    return queue_settings(settings.ENVIRONMENT)


@register(Tags.compatibility)
def check_time_limits(**_: Any) -> list[CheckMessage]:
    return [] if queue_settings(settings.ENVIRONMENT) else time_limits(pools(settings.ENVIRONMENT))


@register(Tags.compatibility)
def check_ladders(**_: Any) -> list[CheckMessage]:
    return [] if queue_settings(settings.ENVIRONMENT) else ladders()


@register(Tags.database)
def check_connections(databases: Any = None, **_: Any) -> list[CheckMessage]:
    asked = databases and "default" in databases and not queue_settings(settings.ENVIRONMENT)
    return connections(pools(settings.ENVIRONMENT)) if asked else []


@register(Tags.compatibility)
def check_redis(**_: Any) -> list[CheckMessage]:
    try:
        hints.connect(1.0)
    except ValueError as error:
        return [Error(str(error), hint="Correct REDIS_URL in the environment.", id="queues.E012")]
    return []


@register(Tags.compatibility)
def check_retention(**_: Any) -> list[CheckMessage]:
    """How long rows are kept can be read, and names kinds of jobs that exist."""
    if queue_settings(settings.ENVIRONMENT):
        return []
    autodiscover_modules("tasks")
    try:
        named = retention().actors
    except InvalidQueueSettings as error:
        return [Error(str(error), hint=f"Correct {PLACE}.", id="queues.E007")]
    return [
        Error(f"RETENTION: no actor {name!r}.{_nearest_actor(name)}", hint=f"Correct {PLACE}.", id="queues.E008")
        for name in named
        if name not in get_broker().actors
    ]


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
def check_job_guard(**_: Any) -> list[CheckMessage]:
    """What judges the arguments of jobs exists: without it no job would run."""
    path = getattr(settings, "JOB_GUARD", "")
    try:
        import_string(path) if path else None
    except ImportError as error:
        return [Error(f"JOB_GUARD names {path}: {error}.", hint="Correct settings.py.", id="queues.E010")]
    return []


@register(Tags.compatibility)
def check_schedule(**_: Any) -> list[CheckMessage]:
    """Every entry of the schedule has valid times, an actor, and arguments that the actor takes."""
    autodiscover_modules("tasks")
    try:
        entries = schedule.entries()
    except schedule.InvalidSchedule as error:
        return [Error(f"SCHEDULE, {error}", hint=SCHEDULE_HINT, id="queues.E004")]
    problems = ((entry.name, _problem_with(entry)) for entry in entries.values())
    return [Error(f"SCHEDULE, {name}: {said}", hint=SCHEDULE_HINT, id="queues.E005") for name, said in problems if said]


def _problem_with(entry: schedule.Entry) -> str:
    try:
        entry.message(timezone.now())
    except ActorNotFound:
        return f"no actor {entry.actor!r}." + _nearest_actor(entry.actor)
    except ValueError as error:
        return str(error)
    return ""


def _nearest_actor(name: str) -> str:
    near = difflib.get_close_matches(name, get_broker().actors, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


@register(Tags.database)
def check_chores(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """Where Dramatiq's own commands work the queues, a `queues_run` must be alive for the chores."""
    if not databases or "default" not in databases:
        return []
    try:
        alive = set(
            Supervisor.objects.filter(
                status__in=Supervisor.LIVING, beat_at__gt=Now() - timedelta(seconds=2 * SILENT_AFTER)
            ).values_list("environment", flat=True)
        )
    except ProgrammingError:
        return []  # nothing is migrated yet
    return [Warning(heartbeat.NO_CHORES, id="queues.W003")] if alive == {heartbeat.DRAMATIQ} else []


def _runs_too_long(actor_name: str, seconds: float, pool: Pool) -> CheckMessage:
    return Error(
        f"{actor_name} may run {seconds:g} s; its pool {pool.name!r} allows {pool.time_limit:g} s.",
        hint=f"Raise the pool's time_limit in {PLACE}, or lower the job's.",
        id="queues.E006",
    )
