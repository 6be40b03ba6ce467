"""What one run spends its time on: its statements and its calls to vendors, noted by the thread that runs it.

A run has a record from its first statement or call on, or from the first look at it: an empty job pays nothing.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.current import current

# Different statements and calls that are told apart in one run, and what is read of a statement for that.
MOST_KINDS = 200
LONGEST_KEY = 2_000
OTHERS = "(others)"
# What each thread of this process had computed when it was asked last, in seconds.
_computed: dict[int, float] = {}


@dataclass(slots=True)
class Spent:
    """How often something was done, the seconds it took, and those of the longest time."""

    count: int = 0
    seconds: float = 0.0
    longest: float = 0.0

    def add(self, seconds: float) -> None:
        self.count += 1
        self.seconds += seconds
        if seconds > self.longest:
            self.longest = seconds


class InFlight(NamedTuple):
    """A statement that has not ended: since when it runs, and on which of Django's connections."""

    began: float
    statement: str
    connection: BaseDatabaseWrapper


@dataclass(slots=True, eq=False)
class RunRecord:
    """One run. `began` in monotonic seconds; `cpu_began`: what its thread had computed by then, in seconds."""

    thread: int
    began: float
    cpu_began: float
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    lock_seconds: float = 0.0
    error_class: str = ""
    is_over: bool = False
    # When its row should be written next, by how long it has run; 0: there is none yet.
    told_at: float = 0.0
    statements: dict[str, Spent] = field(default_factory=dict)
    calls: dict[tuple[str, str, str], Spent] = field(default_factory=dict)
    sql: Spent = field(default_factory=Spent)
    vendors: Spent = field(default_factory=Spent)
    in_flight: "InFlight | None" = None

    def note_statement(self, statement: str, seconds: float) -> None:
        self.sql.add(seconds)
        _kind(self.statements, statement[:LONGEST_KEY], OTHERS).add(seconds)

    def note_call(self, vendor: str, route: str, result: str, seconds: float) -> None:
        self.vendors.add(seconds)
        _kind(self.calls, (vendor, route, result), (OTHERS, "", "")).add(seconds)

    def end(self, error_class: str) -> None:
        """Called in the thread of the run."""
        self.seconds = time.monotonic() - self.began
        computed = _computed[self.thread] = time.thread_time()
        self.cpu_seconds = max(computed - self.cpu_began, 0.0)
        self.error_class = error_class[:200]
        self.is_over = True


def record_of(claim: Claim, computed: float | None = None) -> RunRecord:
    """The record of a run, made now if there is none; `computed`: by its thread so far, where this is another one.

    Asking for that at each start would cost an empty job a hundredth. So all that the thread has computed since it was
    asked last counts for the run, which has at most lasted that long: short runs before it may have a part in that.
    """
    if claim.record is None:
        computed = time.thread_time() if computed is None else computed
        began = claim.started or time.monotonic()
        lately = computed - _computed.get(claim.thread_id, 0.0)
        claim.record = RunRecord(claim.thread_id, began, computed - min(max(lately, 0.0), time.monotonic() - began))
    record: RunRecord = claim.record
    return record


def look(claim: Claim) -> RunRecord:
    """The record of a run in another thread."""
    computed = computed_by(claim.thread_id)
    record = record_of(claim, computed)
    _computed[claim.thread_id] = computed
    return record


def computed_by(thread: int) -> float:
    """Processor seconds of a thread so far; 0 where the system does not tell, or when the thread has ended."""
    # The clock of a thread that is gone must not be asked for.
    if thread not in [each.ident for each in threading.enumerate()]:
        return 0.0
    try:
        return time.clock_gettime(time.pthread_getcpuclockid(thread))
    except (AttributeError, OSError):
        return 0.0


def note_call(vendor: str, route: str, result: str, seconds: float) -> None:
    """A call to the outside has ended; `route` names no person. Outside of a run, nothing is noted."""
    if current.claim is not None:
        record_of(current.claim).note_call(vendor, route, result, seconds)


def listen(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """From now on, the statements of this connection of Django's count for the run that its thread is in."""
    if _timed not in connection.execute_wrappers:
        connection.execute_wrappers.append(_timed)


def _timed(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if current.claim is None:
        return execute(sql, params, many, context)
    record = record_of(current.claim)
    began = time.monotonic()
    statement = sql if isinstance(sql, str) else type(sql).__name__
    record.in_flight = InFlight(began, statement, context["connection"])
    try:
        return execute(sql, params, many, context)
    finally:
        record.in_flight = None
        record.note_statement(statement, time.monotonic() - began)


def _kind(kinds: dict[Any, Spent], key: Any, others: Any) -> Spent:
    spent = kinds.get(key)
    if spent is None:
        if len(kinds) >= MOST_KINDS:
            key = others
        spent = kinds.setdefault(key, Spent())
    return spent
