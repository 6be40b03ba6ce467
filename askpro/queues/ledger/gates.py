"""Gates: one limiter and one circuit breaker for each party outside, shared by all hosts.

A gate has a name and a row. Each request passes it; who may not pass has asked nobody, and its job waits at the gate,
unclaimed and without spending a try, until a chore lets it through. What fails on the other side's account shuts the
gate for everybody at once: then one request looks, after pauses that grow, and the first answer opens it.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection
from dramatiq import get_broker

from askpro.queues.errors import GateShut, JobError, Parking, RateLimited, Unavailable, Unknown, Unreached, Urgency
from askpro.queues.ledger import hints
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection
from askpro.queues.ledger.gate_sql import ADMIT, ANSWERED, ENTER, FAILED, MAKE, TOKEN_FOR
from askpro.queues.ledger.running import current

# What of a burst the urgent and the less urgent may use up: who comes first finds some left. A job that has passed
# may use a little more, so that what has begun ends before others begin.
SHARES = {Urgency.LIVE: 1.0, Urgency.FIRST: 0.8, Urgency.USUAL: 0.6, Urgency.LAST: 0.3}
BEGUN = 0.1
# Of the requests of a minute, those that may come at once.
BURST = 0.3
# Seconds by which a request may come later than it was counted: a granted job waits for its worker, and a request has
# ten seconds to arrive. Late ones and timely ones together keep the limit.
LATE = TOKEN_FOR + 10.0
# Failures in a row after which the other side counts as away. A single one may be the request's own.
MOST_FAILURES = 3
# Seconds that a gate stays shut at first; doubles up to the longest, jittered. The other side's own word counts if it
# is longer.
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 60.0
# Seconds that a job that has begun waits here for its next request before it goes back to the gate.
PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class Gate:
    """A name for what is behind it (no secret), and how many requests a minute it takes at most; 0: no limit.

    `is_own` says of a failure whether it is about that one request and no other: it shuts the gate for nobody.
    """

    name: str
    per_minute: int = 0
    is_own: Callable[[JobError], bool] = lambda error: False

    @property
    def burst(self) -> int:
        return max(round(self.per_minute * BURST), 1)

    @property
    def spacing(self) -> float:
        """Seconds between two requests once the burst is used up; 0 without a limit.

        A window of W seconds holds at most burst + W / spacing requests, counted when they are granted; made up to
        LATE seconds later, at most `per_minute` of them fall into any minute.
        """
        return (60.0 + LATE) / (self.per_minute - self.burst) if self.per_minute else 0.0

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Make one request inside. Raises `GateShut` instead of entering while it is shut or there is no room.

        What the request raises goes on; where the gate is shut after it, the job will wait there and pays no try.
        """
        urgency, claim = _urgency(), current.claim
        generation, is_troubled = _enter(self, urgency, claim)
        try:
            yield
        except (RateLimited, Unavailable, Unknown) as error:
            if self.is_own(error):
                _answered(self, generation, is_troubled)
            elif _failed(self, generation, error):
                error.parking = Parking(self.name, urgency)
            raise
        except Exception:
            _answered(self, generation, is_troubled)
            raise
        else:
            _answered(self, generation, is_troubled)


def admit(database: Connection) -> int:
    """Let through as many of those who wait as there is room for; returns how many."""
    shares = [SHARES[urgency] for urgency in Urgency]
    return hints.announce(database.rows(ADMIT, {"shares": shares}))


def _urgency() -> Urgency:
    """Of the job that runs here. Outside of any job somebody waits for the answer."""
    if current.claim is None:
        return Urgency.LIVE
    actor: Any = get_broker().get_actor(current.claim.actor_name)
    return Urgency[actor.word("urgency").upper()]


def _enter(gate: Gate, urgency: Urgency, claim: Claim | None) -> tuple[int, bool]:
    """Pass, or raise `GateShut`. Returns the gate's generation, and whether an answer would be news."""
    has_begun = claim is not None and gate.name in claim.passed
    granted_at = None if claim is None or has_begun or claim.feature("gate") != gate.name else claim.feature("granted")
    was_let_in = has_begun or granted_at is not None
    values = {
        "name": gate.name,
        "spacing": gate.spacing,
        "burst": gate.burst,
        "share": min(SHARES[urgency] + BEGUN * was_let_in, 1.0),
        "urgency": urgency,
        "passes_others": was_let_in or urgency == Urgency.LIVE,
        "granted_at": granted_at,
    }
    until = time.monotonic() + (PATIENCE if was_let_in else 0.0)
    while True:
        verdict, generation, is_troubled, wait, reason = _ask(gate.name, values)
        if verdict == "open":
            if claim is not None:
                claim.passed = (*claim.passed, gate.name)
            return generation, is_troubled
        if verdict != "full" or time.monotonic() + wait > until:
            raise GateShut(wait, _why(gate.name, verdict, reason), Parking(gate.name, urgency))
        time.sleep(min(wait, 1.0))


def _ask(name: str, values: dict[str, Any]) -> tuple[str, int, bool, float, str]:
    with connection.cursor() as cursor:
        cursor.execute(ENTER, values)
        row = cursor.fetchone()
        if row is None:
            cursor.execute(MAKE, [name])
            cursor.execute(ENTER, values)
            row = cursor.fetchone()
    return row


def _answered(gate: Gate, generation: int, is_troubled: bool) -> None:
    # Without trouble before, an answer is no news: nothing is written for it.
    if is_troubled:
        with connection.cursor() as cursor:
            cursor.execute(ANSWERED, {"name": gate.name, "generation": generation})


def _failed(gate: Gate, generation: int, error: JobError) -> bool:
    """Count a failure; whether the gate is shut now."""
    at_once = isinstance(error, RateLimited | Unreached)
    values: dict[str, Any] = {
        "name": gate.name,
        "generation": generation,
        "most": 1 if at_once else MOST_FAILURES,
        "stated": error.after if isinstance(error, RateLimited) else 0.0,
        "first": FIRST_PAUSE,
        "longest": LONGEST_PAUSE,
        "jitter": random.uniform(0.8, 1.2),
        "reason": str(error)[:200],
    }
    with connection.cursor() as cursor:
        cursor.execute(FAILED, values)
        return bool(cursor.fetchone()[0])


def _why(name: str, verdict: str, reason: str) -> str:
    if verdict == "shut":
        return f"waits at {name}: {reason}"
    return f"waits at {name}: its limit is used up" if verdict == "full" else f"waits at {name}: others came first"
