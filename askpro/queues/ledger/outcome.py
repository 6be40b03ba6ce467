"""Decides from how a run ended what becomes of its row; pure functions."""

import random
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from types import TracebackType

from dramatiq.errors import RateLimitExceeded, Retry
from dramatiq.middleware import Shutdown, TimeLimitExceeded

from askpro.queues.errors import Cancelled, Gone, JobError, Parking, Rejected, Release, bounded
from askpro.queues.plain import PROJECT, message_of, name_of, trace_of

LONGEST_TRACE = 20_000
RATE_LIMIT_PAUSE = 1.0
# Seconds, jittered, after which a job that waits at a gate runs to look for itself: it may have become pointless.
LOOKS_AGAIN = 600.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What settle writes. `attempt` is None for a release: waiting is no attempt. `run_in` in seconds from now."""

    status: str
    attempt: str | None
    spends_try: bool = False
    run_in: float | None = None
    # Seconds until the slot of a rate limit that was given to the job.
    slot_in: float | None = None
    reason: str = ""
    expected: bool = False
    error_class: str = ""
    error_message: str = ""
    trace: str = ""
    fingerprint: str = ""
    # Its worker ended, and nothing suggests that the job was the cause.
    is_loss: bool = False
    # The gate at which it waits to be let through.
    parking: Parking | None = None


ENDS = {"crashed": "WorkerCrashed", "timed_out": "TimeLimitExceeded", "lost": "WorkerLost"}
# Given back before it began.
BACK = Outcome("queued", None)
COMPLETED = Outcome("completed", "completed")


def released(after: float, reason: str) -> Outcome:
    """Back to waiting for `after` seconds; no try is spent."""
    return Outcome("released", None, run_in=max(after, 0.0), reason=clean(reason, 200))


def parked(error: JobError, parking: Parking) -> Outcome:
    """Waits at a gate. The other side is away, so no try is spent, however the run ended."""
    pause, reason = LOOKS_AGAIN * random.uniform(0.8, 1.2), clean(message_of(error), 200)
    return Outcome("released", None, run_in=pause, reason=reason, parking=parking)


def waits_for_lock() -> Outcome:
    """The key is taken: ready again when its holder is done."""
    return Outcome("released", None, reason="waits for its lock")


def waits_for_slot(run_in: float, slot_in: float) -> Outcome:
    """Its rate limit gave it a slot in the future."""
    return Outcome("released", None, run_in=run_in, slot_in=slot_in, reason="waits for its rate limit")


def expired() -> Outcome:
    """The time after which it was not to start has passed."""
    return Outcome("cancelled", None, error_class="Expired", error_message="Not started before it expired.")


def superseded() -> Outcome:
    """A younger copy with the same unique key waits already."""
    message = "A younger copy with the same unique key waits."
    return Outcome("cancelled", None, error_class="Superseded", error_message=message)


def cancelled(reason: str) -> Outcome:
    """It was cancelled before it began."""
    return Outcome("cancelled", None, error_class="Cancelled", error_message=clean(reason, 1000))


def ended_with_its_worker(attempt: str, message: str, *, has_tries: bool, is_loss: bool = False) -> Outcome:
    """The process died while it held the job; `attempt` is how: crashed, timed_out or lost."""
    return Outcome(
        "queued" if has_tries else "dead",
        attempt,
        spends_try=not is_loss,
        is_loss=is_loss,
        error_class=ENDS[attempt],
        error_message=message,
    )


def spared(message: str) -> Outcome:
    """The job was running when its process was killed on purpose, but not because of this job: it pays no try."""
    return Outcome("queued", "crashed", is_loss=True, error_class="WorkerKilled", error_message=message)


def cancelled_with_its_worker(outcome: Outcome) -> Outcome:
    """Somebody had cancelled the job before its worker ended: so it does not run again, nor is it dead."""
    message = "Cancelled while it ran; its process ended."
    return replace(outcome, status="cancelled", error_class="Cancelled", error_message=message)


def overdue() -> Outcome:
    """The deadline passed while the job was waiting."""
    message = "Not finished before its deadline."
    return Outcome("dead", None, error_class="DeadlineExceeded", error_message=message)


def decide(
    error: BaseException | None,
    *,
    tries_left: int,
    tries_spent: int,
    backoff: Sequence[int],
    throws: type[BaseException] | tuple[type[BaseException], ...] = (),
    is_cancelled: bool = False,
) -> Outcome:
    """What becomes of a job whose run ended with `error` (None: it returned). `backoff` in milliseconds.

    A job that `is_cancelled` does not run again, whatever it made of the interruption.
    """
    if error is None:
        return COMPLETED
    if is_cancelled or isinstance(error, Gone | Cancelled):
        return _failure(error, "cancelled", "cancelled")
    if isinstance(error, JobError) and error.parking is not None:
        return parked(error, error.parking)
    if isinstance(error, Release):
        return released(error.after, error.reason)
    if isinstance(error, RateLimitExceeded):
        return released(RATE_LIMIT_PAUSE, "rate limit exceeded")
    if isinstance(error, Shutdown):
        return released(0.0, "shutdown")
    attempt = "timed_out" if isinstance(error, TimeLimitExceeded) else "failed"
    expected = bool(throws) and isinstance(error, throws)
    if expected or isinstance(error, Rejected) or tries_left <= 0:
        return _failure(error, "dead", attempt, expected=expected)
    return _failure(error, "retrying", attempt, run_in=_pause(error, tries_spent, backoff))


def clean(text: str, limit: int) -> str:
    """Text that PostgreSQL can store: no NUL, no lone surrogate, at most `limit` characters."""
    return text[:limit].replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _pause(error: BaseException, tries_spent: int, backoff: Sequence[int]) -> float:
    if isinstance(error, Retry) and error.delay is not None:
        return bounded(error.delay / 1000)
    step = backoff[min(tries_spent, len(backoff) - 1)] if backoff else 0
    # Jitter, so that after an outage not all jobs come back at the same moment.
    return bounded(step / 1000 * random.uniform(0.8, 1.2))


def _failure(
    error: BaseException, status: str, attempt: str, *, run_in: float | None = None, expected: bool = False
) -> Outcome:
    name = name_of(error)
    return Outcome(
        status=status,
        attempt=attempt,
        spends_try=True,
        run_in=run_in,
        expected=expected,
        error_class=clean(name, 200),
        error_message=clean(message_of(error), 1000),
        trace=clean(trace_of(error)[-LONGEST_TRACE:], LONGEST_TRACE),
        fingerprint=fingerprint(name, error.__traceback__),
    )


def fingerprint(name: str, trace: TracebackType | None) -> str:
    """Equal for failures with the same class and the same top frames of this project's own code."""
    frames = [frame for frame in traceback.extract_tb(trace) if frame.filename.startswith(str(PROJECT))]
    places = [f"{frame.filename.removeprefix(str(PROJECT))}:{frame.name}" for frame in frames[-3:]]
    return sha256("\n".join([name, *places]).encode("utf-8", "replace")).hexdigest()[:16]
