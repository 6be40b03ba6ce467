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
from askpro.queues.ledger.database import DjangoConnection, LastStatements
from askpro.queues.ledger.outcome import COMPLETED
from askpro.queues.ledger.settle import Item, settle, settle_and_commit


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
    claim, is_outermost = current.claim, not connection.in_atomic_block
    with transaction.atomic():
        result = run(fn, args, kwargs)
        if claim is not None:
            _complete(claim, is_outermost=is_outermost)
    if claim is not None:
        claim.settled = True
    return result


def _complete(claim: Claim, *, is_outermost: bool) -> None:
    """Write the completion. In the outermost transaction nothing follows: its COMMIT may go along."""
    item = Item(claim, COMPLETED, time.monotonic())
    with connection.cursor() as cursor:
        if is_outermost and item.is_plain:
            is_ours = settle_and_commit(LastStatements(cursor), current.worker_id, item)
        else:
            database = LastStatements(cursor) if is_outermost else DjangoConnection(cursor)
            settled = settle(database, current.worker_id, current.code_version, [item])
            enqueue.announce(settled.ready)
            is_ours = claim.id in settled.ids
    if not is_ours:
        raise LostClaim(LostClaim.__doc__)
