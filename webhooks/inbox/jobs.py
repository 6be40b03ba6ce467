"""Which job works on which stored event.

The door knows the jobs (`webhooks.door.vendors`) and enters them here when Django starts, so that the inbox can send
them without importing the apps.
"""

from collections.abc import Mapping
from typing import Any

from askpro.queues import LedgerActor
from webhooks.models import WebhookEvent

Jobs = Mapping[str, LedgerActor[Any, Any]]

# By provider, then by event type.
_entered: dict[str, Jobs] = {}


def enter(provider: str, jobs: Jobs) -> None:
    """Set the jobs that work on the provider's events, by event type."""
    _entered[provider] = jobs


def job_for(provider: str, event_type: str) -> LedgerActor[Any, Any] | None:
    """The job that works on events of this type; None when it has none. A type may name its kind before a dot."""
    jobs = _entered[provider]
    return jobs.get(event_type) or jobs.get(event_type.partition(".")[0])


def job_of(event: WebhookEvent) -> LedgerActor[Any, Any] | None:
    """The job that works on a stored event; None when its type has none."""
    return job_for(event.provider, event.event_type)


def event_types(provider: str) -> list[str]:
    """The types of the provider's events that have a job."""
    return sorted(_entered[provider])


def actor_names() -> set[str]:
    """The names of all jobs that work on stored events."""
    return {actor.actor_name for jobs in _entered.values() for actor in jobs.values()}
