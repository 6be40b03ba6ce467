"""Runs a job's function; an atomic job's effects and its completion become one transaction."""

import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from askpro.queues.arguments import encoded
from askpro.queues.errors import Rejected
from askpro.queues.ledger import enqueue
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.current import current
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.ledger.outcome import COMPLETED
from askpro.queues.ledger.settle import Item, settle


class LostClaim(Exception):
    """Another worker has this job now, so its effects here are rolled back."""


def run(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run a job's function. Its result is kept for the message's `on_success`, and must fit as that job's argument."""
    result = fn(*args, **kwargs)
    claim = current.claim
    if claim is not None and "on_success" in claim.options:
        try:
            encoded(f"{claim.actor_name}: what on_success is told", result)
        except ValueError as error:
            # A retry would do everything again and return the same result.
            raise Rejected(str(error)) from error
        claim.result = result
    return result


def run_atomically(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run `fn` in a transaction that also completes the current job, with the very settle of all other jobs."""
    claim = current.claim
    with transaction.atomic():
        result = run(fn, args, kwargs)
        if claim is not None:
            _complete(claim)
    if claim is not None:
        claim.settled = True
    return result


def _complete(claim: Claim) -> None:
    with connection.cursor() as cursor:
        item = Item(claim, COMPLETED, time.monotonic())
        settled = settle(DjangoConnection(cursor), current.worker_id, current.code_version, [item])
    if claim.id not in settled.ids:
        raise LostClaim(LostClaim.__doc__)
    enqueue.announce(settled.ready)
