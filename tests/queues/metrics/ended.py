"""Runs that end as a test wants."""

import time
from collections.abc import Iterable

from dramatiq import get_broker

from askpro.queues.errors import Rejected
from askpro.queues.ledger.claim import by_age
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.ledger.outcome import COMPLETED, Outcome, decide
from askpro.queues.ledger.settle import Item, settle

FAILED = decide(ValueError("x"), tries_left=3, tries_spent=0, backoff=())
REJECTED = decide(Rejected("no"), tries_left=3, tries_spent=0, backoff=())


def end(database: EngineConnection, outcome: Outcome = COMPLETED, *, most: int = 100, log: Iterable[str] = ()) -> int:
    """Claim ready jobs of the queue `default` and settle them; returns how many."""
    claims = by_age((database, 1, "default", get_broker().actors), most)
    for claim in claims:
        claim.log.extend(log)
    settle(database, 1, "v1", [Item(claim, outcome, time.monotonic()) for claim in claims])
    return len(claims)
