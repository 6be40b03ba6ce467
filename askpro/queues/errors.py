"""What a job may raise to say how it ended. Any other exception is a bug, and retried with the actor's pauses."""

from dataclasses import dataclass
from enum import IntEnum

from dramatiq.threading import Interrupt

# Seconds; longer than any deadline. A vendor's Retry-After may be any number, and PostgreSQL's clock ends in 294276.
LONGEST_RELEASE = 366 * 24 * 3600.0


def bounded(seconds: float) -> float:
    """A pause that PostgreSQL can add to its clock. NaN counts as no pause: every comparison with it is false."""
    return min(seconds, LONGEST_RELEASE) if seconds > 0 else 0.0


class Urgency(IntEnum):
    """Which jobs pass a gate first; an actor's option `urgency` names it in small letters."""

    LIVE = 0  # a caller is on the line; no job has it
    FIRST = 1
    USUAL = 2
    LAST = 3


@dataclass(frozen=True, slots=True)
class Parking:
    """The gate at which a job waits until it is let through."""

    gate: str
    urgency: Urgency


class JobError(Exception):
    """Base class of these errors."""

    # Set when whoever asked had no time left before the other side had a fair time to answer.
    is_hurried: bool = False
    # Set when the other side's gate is shut: whatever the error is, the job waits there and spends no try.
    parking: Parking | None = None


class Release(JobError):
    """Not now: the job goes back to waiting for `after` seconds. No try is spent and no attempt is written."""

    def __init__(self, after: float, reason: str) -> None:
        super().__init__(reason)
        self.after = bounded(float(after))
        self.reason = reason


class RateLimited(Release):
    """The vendor wants a pause of `retry_after` seconds."""

    def __init__(self, retry_after: float, reason: str = "rate limited") -> None:
        super().__init__(retry_after, reason)


class GateShut(RateLimited):
    """The gate lets no request through now (`askpro.queues.ledger.gates`): none was made."""

    def __init__(self, after: float, reason: str, parking: Parking) -> None:
        super().__init__(after, reason)
        self.parking = parking


class Unavailable(JobError):
    """The other side did not take the request: nothing happened there, and a retry is safe."""


class Unreached(Unavailable):
    """Nothing of the request left this host: the other side is away; the request is not to blame."""


class Unknown(JobError):
    """It may have happened: the next attempt must check before it does it again."""


class Rejected(JobError):
    """The other side refuses, and always will: the job is dead at once, whatever tries were left."""


class ArgumentsDoNotFit(Rejected):
    """The function takes other arguments than the job has: another release sent it."""


class Cancelled(Interrupt):
    """Raised inside a running job that was cancelled."""


class Gone(JobError):
    """What the job was about no longer exists: the job is cancelled."""
