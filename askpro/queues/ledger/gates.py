"""Gates: one rate limiter and one circuit breaker for each outside party, shared by all hosts.

A gate has a name and a row. Every request passes it. When it may not pass, the request is not made, and its job waits
at the gate, unclaimed and without spending a try, until a chore lets it through. A failure that is the other side's
fault shuts the gate for all jobs at once; then one request probes, after growing pauses, and the first answer opens it.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import connection
from dramatiq import get_broker

from askpro.queues.errors import GateShut, JobError, Parking, RateLimited, Unavailable, Unknown, Unreached, Urgency
from askpro.queues.ledger import hints
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.current import current
from askpro.queues.ledger.database import Connection
from askpro.queues.ledger.gate_sql import ADMIT, ANSWERED, ENTER, FAILED, MAKE, TOKEN_FOR

# The share of a burst that requests of each urgency may use up, so that the urgent ones always find some left. A job
# that has passed the gate before may use a little more, so that begun jobs end before others begin.
SHARES = {Urgency.LIVE: 1.0, Urgency.FIRST: 0.8, Urgency.USUAL: 0.6, Urgency.LAST: 0.3}
BEGUN = 0.1
# What a caller on the line asks for has the whole burst; what is written for one leaves this part of it to questions,
# which have less time to wait.
KEPT_FOR_QUESTIONS = 0.05
# The share of a minute's requests that may come at once.
BURST = 0.3
# Seconds by which a request may arrive later than it was counted: a granted job waits for its worker, and a request has
# ten seconds to arrive. Even so, late and timely requests together keep to the limit.
LATE = TOKEN_FOR + 10.0
# Failures in a row after which the other side counts as away. A single failure may be due to the request itself.
MOST_FAILURES = 3
# Seconds that a gate stays shut at first; doubles up to the longest, jittered. If the other side asks for a longer
# pause, that counts.
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 60.0
# Seconds that a job which has passed before waits here for room for its next request, before it goes back to the gate.
PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class _Caller:
    """A caller on the line: until which moment (monotonic) they wait, and what part of the burst they may use up."""

    until: float
    share: float


# The caller who waits for what this thread asks; None where nobody does.
_caller: ContextVar[_Caller | None] = ContextVar("caller", default=None)


@dataclass(frozen=True, slots=True)
class Gate:
    """A name for the party behind it (no secret), and the most requests a minute that it takes; 0: no limit.

    `is_own` says whether a failure concerns that one request only: such a failure does not shut the gate.
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

        A window of W seconds holds at most burst + W / spacing requests, counted when they are granted. Each is made up
        to LATE seconds later; still, at most `per_minute` of them fall into any minute.
        """
        return (60.0 + LATE) / (self.per_minute - self.burst) if self.per_minute else 0.0

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Make one request inside. Raises `GateShut` instead of entering while it is shut or there is no room.

        An exception of the request is raised again. If the gate is shut after it, the job waits there and pays no try.
        """
        urgency, claim = _urgency(), current.claim
        generation, is_troubled = _enter(self, urgency, claim)
        try:
            yield
        except (RateLimited, Unavailable, Unknown) as error:
            if error.is_hurried and not is_troubled:
                pass  # It says nothing about the other side.
            elif self.is_own(error):
                _answered(self, generation, is_troubled)
            elif _failed(self, generation, error):
                error.parking = Parking(self.name, urgency)
            raise
        except Exception:
            _answered(self, generation, is_troubled)
            raise
        else:
            _answered(self, generation, is_troubled)


@contextmanager
def live(seconds: float, *, only_asks: bool = False) -> Iterator[None]:
    """Within the block a caller waits on the line: requests may use the part of each limit that all others leave free.

    Where even that is used up they wait for room, for at most `seconds` from now; those that only ask go before those
    that write. When blocks are nested, the earliest end applies.
    """
    outer, end = _caller.get(), time.monotonic() + seconds
    share = SHARES[Urgency.LIVE] - (0.0 if only_asks else KEPT_FOR_QUESTIONS)
    token = _caller.set(_Caller(end if outer is None else min(outer.until, end), share))
    try:
        yield
    finally:
        _caller.reset(token)


@contextmanager
def aside() -> Iterator[None]:
    """Within the block nobody waits on the line: another answer is at hand, and the callers' part is for others."""
    token = _caller.set(None)
    try:
        yield
    finally:
        _caller.reset(token)


def admit(database: Connection) -> int:
    """Let through as many of the waiting jobs as there is room for; returns how many."""
    shares = [SHARES[urgency] for urgency in Urgency]
    return hints.announce(database.rows(ADMIT, {"shares": shares}))


def _urgency() -> Urgency:
    """The urgency of the job that runs here. Outside of a job, a person at a screen waits, if not a caller."""
    if _caller.get() is not None:
        return Urgency.LIVE
    if current.claim is None:
        return Urgency.FIRST
    actor: Any = get_broker().get_actor(current.claim.actor_name)
    return Urgency[actor.word("urgency").upper()]


def _enter(gate: Gate, urgency: Urgency, claim: Claim | None) -> tuple[int, bool]:
    """Pass, or raise `GateShut`. Returns the gate's generation, and whether an answer would be news."""
    has_begun = claim is not None and gate.name in claim.passed
    granted_at = None if claim is None or has_begun or claim.feature("gate") != gate.name else claim.feature("granted")
    was_let_in = has_begun or granted_at is not None
    caller = _caller.get()
    values = {
        "name": gate.name,
        "spacing": gate.spacing,
        "burst": gate.burst,
        "share": caller.share if caller else min(SHARES[urgency] + BEGUN * was_let_in, 1.0),
        "urgency": urgency,
        "passes_others": was_let_in or claim is None or urgency == Urgency.LIVE,
        "granted_at": granted_at,
    }
    until = caller.until if caller else time.monotonic() + (PATIENCE if was_let_in else 0.0)
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
    # After no failure, an answer is no news: nothing is written for it.
    if is_troubled:
        with connection.cursor() as cursor:
            cursor.execute(ANSWERED, {"name": gate.name, "generation": generation})


def _failed(gate: Gate, generation: int, error: JobError) -> bool:
    """Count a failure; returns whether the gate is shut now."""
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
