"""Rate limits: evenly spaced slots, which PostgreSQL gives away one by one. Waiting costs no try and no worker."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from askpro.queues.config import is_limit, limit
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection
from askpro.queues.ledger.outcome import Outcome, released, waits_for_slot

# A process keeps a claimed job whose slot is at most this many seconds away, so that it starts on time.
AT_HAND = 0.5
# Seconds that a job waits when this process does not know its limit.
UNKNOWN_PAUSE = 10.0
DRAW = """
INSERT INTO queues_ratelimit (name, next_at) VALUES (%(name)s, clock_timestamp() + %(span)s * interval '1 second')
ON CONFLICT (name) DO UPDATE
   SET next_at = greatest(queues_ratelimit.next_at, clock_timestamp()) + %(span)s * interval '1 second'
RETURNING extract(epoch FROM next_at - clock_timestamp())::float8 - %(span)s
"""


@dataclass(frozen=True, slots=True)
class Spacing:
    """Seconds between two slots, and by how much a job may be late for its own."""

    seconds: float
    tolerance: float


def spacing(rate: int, period: float) -> Spacing:
    """The spacing that keeps every window of `period` seconds to at most `rate` starts, the late ones included.

    Slots s apart, each used up to s/2 late: a window of P seconds holds at most floor((P + s/2) / s) + 1 starts.
    That is at most `rate` for s > P / (rate - 1/2).
    """
    seconds = period / (rate - 0.5) * 1.001
    return Spacing(seconds, seconds / 2)


def draw(database: Connection, name: str, count: int) -> list[float]:
    """Take `count` slots of a limit; seconds from now, ascending."""
    space = spacing(*limit(name)).seconds
    ((first,),) = database.rows(DRAW, {"name": name, "span": count * space})
    return [max(first, 0.0) + number * space for number in range(count)]


def sort_out(database: Connection, claims: Sequence[Claim]) -> tuple[list[Claim], list[tuple[Claim, Outcome]]]:
    """Split claims into those at hand (with `not_before` set) and those that wait for a later slot."""
    drawing: dict[str, list[Claim]] = {}
    slots: dict[str, float] = {}
    known, unknown = _by_limit(claims)
    for claim in known:
        if name := claim.feature("rate"):
            slot = claim.feature("slot_in")
            if slot is None or slot < -spacing(*limit(name)).tolerance:
                drawing.setdefault(name, []).append(claim)
            else:
                slots[claim.id] = slot
    for name, without in drawing.items():
        drawn = draw(database, name, len(without))
        slots.update((claim.id, slot) for claim, slot in zip(without, drawn, strict=True))
    at_hand, later = _by_slot(known, slots)
    return at_hand, later + unknown


def is_late(claim: Claim) -> bool:
    """Whether the job has missed its slot by so much that it needs another."""
    return bool(claim.not_before) and (
        time.monotonic() - claim.not_before > spacing(*limit(claim.feature("rate"))).tolerance
    )


def _by_limit(claims: Sequence[Claim]) -> tuple[list[Claim], list[tuple[Claim, Outcome]]]:
    """A limit that this release does not know belongs to another release: the job waits for a process that does."""
    known: list[Claim] = []
    unknown: list[tuple[Claim, Outcome]] = []
    for claim in claims:
        name = claim.feature("rate")
        if name is None or is_limit(name):
            known.append(claim)
        else:
            unknown.append((claim, released(UNKNOWN_PAUSE, f"its rate limit {name} is not known here")))
    return known, unknown


def _by_slot(claims: Sequence[Claim], slots: dict[str, float]) -> tuple[list[Claim], list[tuple[Claim, Outcome]]]:
    at_hand: list[Claim] = []
    later: list[tuple[Claim, Outcome]] = []
    now = time.monotonic()
    for claim in claims:
        slot = slots.get(claim.id, 0.0)
        if slot > AT_HAND:
            later.append((claim, waits_for_slot(slot - AT_HAND / 2, slot)))
        else:
            claim.not_before = now + slot if claim.id in slots else 0.0
            at_hand.append(claim)
    return at_hand, later
