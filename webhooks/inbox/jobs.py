"""Which job works on which stored event.

The door knows the jobs (`webhooks.door.vendors`) and enters them here when Django starts, so that what works on stored
events can send them without importing the apps.
"""

from collections.abc import Mapping
from typing import Any

from askpro.queues import LedgerActor
from webhooks.models import WebhookEvent

Jobs = Mapping[str, LedgerActor[Any, Any]]

# By provider, then by event type.
_entered: dict[str, Jobs] = {}


def enter(provider: str, jobs: Jobs) -> None:
    """Have these jobs work on the provider's events, by their type."""
    _entered[provider] = jobs


def job_for(provider: str, event_type: str) -> LedgerActor[Any, Any] | None:
    """The job that works on events of this type; None when it has none. A type may name its kind before a dot."""
    jobs = _entered[provider]
    return jobs.get(event_type) or jobs.get(event_type.partition(".")[0])


def job_of(event: WebhookEvent) -> LedgerActor[Any, Any] | None:
    """The job that works on a stored event; None when its type has none."""
    return job_for(event.provider, event.event_type)


def actor_names() -> set[str]:
    """Of all jobs that work on stored events."""
    return {actor.actor_name for jobs in _entered.values() for actor in jobs.values()}
