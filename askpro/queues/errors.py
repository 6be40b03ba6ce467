"""What a job may raise to say how it ended. Anything else is a bug: it is retried by the actor's ladder."""

from dataclasses import dataclass
from enum import IntEnum

from dramatiq.threading import Interrupt

# Seconds. Longer than any deadline; a vendor's Retry-After may say anything, and a clock ends in the year 294276.
LONGEST_RELEASE = 366 * 24 * 3600.0


def bounded(seconds: float) -> float:
    """A pause that PostgreSQL can add to its clock. Not a number counts as none: every comparison with it is false."""
    return min(seconds, LONGEST_RELEASE) if seconds > 0 else 0.0


class Urgency(IntEnum):
    """Who goes first where requests are few; the word `urgency` of an actor, in small letters."""

    LIVE = 0  # somebody is on the line; no job's
    FIRST = 1
    USUAL = 2
    LAST = 3


@dataclass(frozen=True, slots=True)
class Parking:
    """The gate at which a job waits until it is let through."""

    gate: str
    urgency: Urgency


class JobError(Exception):
    """Base of the family."""

    # Set where the other side's gate is shut: whatever the error is, the job waits there and spends no try.
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
    """The gate lets nobody through now (`askpro.queues.ledger.gates`): nothing was asked."""

    def __init__(self, after: float, reason: str, parking: Parking) -> None:
        super().__init__(after, reason)
        self.parking = parking


class Unavailable(JobError):
    """The other side did not take the request: nothing happened there, trying again is safe."""


class Unreached(Unavailable):
    """Nothing of the request left this host: it is the other side that is away, not the request that fails."""


class Unknown(JobError):
    """It may have happened: the next attempt has to look before it does it again."""


class Rejected(JobError):
    """The other side refuses for good: the job is dead at once, no try is left."""


class Cancelled(Interrupt):
    """Raised inside a running job that somebody cancelled."""


class Gone(JobError):
    """What the job was about exists no more: the job is cancelled."""
