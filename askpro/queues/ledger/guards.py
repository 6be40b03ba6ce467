"""What stands between a claim and its start: expiry, a younger copy, keys, limits. Waiting costs no try."""

from collections.abc import Sequence

from askpro.queues.ledger import limits, locks, unique
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection
from askpro.queues.ledger.outcome import Outcome, cancelled, expired, overdue, superseded, waits_for_lock

Refusal = tuple[Claim, Outcome]


def sort_out(database: Connection, claims: Sequence[Claim]) -> tuple[list[Claim], list[Refusal]]:
    """Split claims into those that may start, and those that must not start now, each with its outcome."""
    claims, refused = _by_time(claims)
    if all(claim.features is None for claim in claims):
        return claims, refused
    older = unique.superseded(database, claims)
    refused += [(claim, superseded()) for claim in claims if claim.id in older]
    may, blocked = locks.acquire(database, [claim for claim in claims if claim.id not in older])
    refused += [(claim, waits_for_lock()) for claim in blocked]
    may, later = limits.sort_out(database, may)
    return may, refused + later


def _by_time(claims: Sequence[Claim]) -> tuple[list[Claim], list[Refusal]]:
    may: list[Claim] = []
    refused: list[Refusal] = []
    for claim in claims:
        left = claim.feature("expires_in")
        if left is not None and left < 0:
            refused.append((claim, expired()))
        elif claim.feature("cancel"):
            refused.append((claim, cancelled("Cancelled while it ran.")))
        elif claim.overdue:
            refused.append((claim, overdue()))
        else:
            may.append(claim)
    return may, refused
