"""The job engine: PostgreSQL decides, Redis hurries. Everything an app needs is named here."""

from typing import TYPE_CHECKING, Any

from askpro.queues.errors import Gone, RateLimited, Rejected, Release, Unavailable, Unknown
from askpro.queues.units import MIN, H, S

if TYPE_CHECKING:
    from askpro.queues.actor import LedgerActor, actor
    from askpro.queues.chains import chain

__all__ = [
    "MIN",
    "Gone",
    "H",
    "RateLimited",
    "Rejected",
    "Release",
    "S",
    "Unavailable",
    "Unknown",
    "actor",
    "chain",
    "wake",
]


def wake(actor: "LedgerActor[Any, Any]", tag: str) -> int:
    """Make the actor's released jobs with this tag ready now, in the caller's transaction; returns how many."""
    from askpro.queues import jobs

    return jobs.wake(actor.actor_name, tag)


def __getattr__(name: str) -> Any:
    # This package is a Django app: what needs settings or the broker loads on first use.
    if name == "actor":
        from askpro.queues.actor import actor

        return actor
    if name == "chain":
        from askpro.queues.chains import chain

        return chain
    raise AttributeError(name)
