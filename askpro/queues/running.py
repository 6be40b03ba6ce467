"""What runs now, per thread; and how an atomic job's effects and its completion become one transaction."""

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from askpro.queues import jobs
from askpro.queues.claim import Claim
from askpro.queues.database import DjangoConnection
from askpro.queues.outcome import COMPLETED
from askpro.queues.settle import Item, settle


class LostClaim(Exception):
    """Somebody else has this job now: its effects here are rolled back."""


class Running(threading.local):
    """The claim that this thread is running; None outside of a worker."""

    claim: Claim | None = None
    worker_id: int = 0
    code_version: str = ""


current = Running()


def run_atomically(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run `fn` in a transaction that also completes the current job, with the very settle of all other jobs."""
    claim = current.claim
    with transaction.atomic():
        result = fn(*args, **kwargs)
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
    jobs.announce(settled.ready)
