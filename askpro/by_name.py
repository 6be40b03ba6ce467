"""Finds a job by its name, for code that the job itself calls: importing the job there would close a circle."""

from typing import Any, cast

from dramatiq import get_broker

from askpro.queues import LedgerActor


def job(name: str) -> LedgerActor[Any, Any]:
    """The job of this name, of any app: `askpro.apps` has loaded them all. Raises `ActorNotFound`."""
    return cast(LedgerActor[Any, Any], get_broker().get_actor(name))
