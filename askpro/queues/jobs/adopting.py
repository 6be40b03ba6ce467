"""Actors of `dramatiq.actor`: a project's own from before, and those of packages."""

from typing import Any

import dramatiq
import dramatiq.asyncio

from askpro.queues.jobs.actor import LedgerActor
from askpro.queues.jobs.words import check_values, checked


def adopt(plain: dramatiq.Actor[Any, Any]) -> None:
    """Make a plain actor one of ours, with the same checks. Raises `ValueError` or `TypeError` with the fix."""
    name = plain.actor_name
    if type(plain) is not dramatiq.Actor:
        kind = f"{type(plain).__module__}.{type(plain).__qualname__}"
        raise TypeError(f"{name}: {kind} must derive from askpro.queues.LedgerActor; its messages become rows.")
    check_values(name, {"priority": plain.priority})
    plain.options = checked(name, _before_wrapping(plain.fn), plain.queue_name, plain.options)
    plain.__class__ = LedgerActor


def _before_wrapping(function: Any) -> Any:
    """Dramatiq has wrapped an `async` function before its actor is declared."""
    is_wrapper = getattr(function, "__globals__", {}).get("__name__") == dramatiq.asyncio.__name__
    return function.__wrapped__ if is_wrapper else function
