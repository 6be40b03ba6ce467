"""Shared by the fleet commands: who runs them, and checking the names they were given."""

import difflib
import getpass
import time
import uuid
from collections.abc import Collection, Iterable

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.module_loading import autodiscover_modules
from dramatiq import get_broker

from askpro.queues.config import pools, queue_names
from askpro.queues.fleet.host import hostname
from askpro.queues.models import FleetCommand


def me() -> str:
    """Who runs the command: user and host."""
    return f"{getpass.getuser()}@{hostname()}"


def known_queues(names: Iterable[str]) -> list[str]:
    """The names, checked to be queues. Raises `CommandError` with the nearest one."""
    return [_known("queue", name, queue_names()) for name in names]


def known_actors(names: Iterable[str]) -> list[str]:
    """The names, checked to be actors."""
    autodiscover_modules("tasks")
    return [_known("job", name, get_broker().actors) for name in names]


def known_pool(name: str) -> str:
    """The name, checked to be a pool of this environment."""
    return _known("pool", name, [pool.name for pool in pools(settings.ENVIRONMENT)])


def job_id(text: str) -> uuid.UUID:
    """The id that was typed. Raises `CommandError` when it is not an id."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise CommandError(f"{text!r} is not a job's id.") from None


def wait_until_taken(told: Collection[FleetCommand], seconds: float) -> int:
    """How many of the supervisors have taken their command within `seconds`."""
    until = time.monotonic() + seconds
    waiting = FleetCommand.objects.filter(pk__in=[command.pk for command in told], taken_at=None)
    while (left := waiting.count()) and time.monotonic() < until:
        time.sleep(0.1)
    return len(told) - left


def _known(what: str, name: str, known: Collection[str]) -> str:
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=1)
    raise CommandError(
        f"No {what} {name!r}." + (f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(sorted(known))}.")
    )
