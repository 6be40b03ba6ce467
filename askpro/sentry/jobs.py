"""Failed runs of jobs: the engine settles them, and tells of each here (`JOB_FAILED`)."""

import sentry_sdk

from askpro.queues.errors import Cancelled, Gone, RateLimited, Release
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.outcome import Outcome
from askpro.sentry.causes import cause_of
from askpro.sentry.transport import desk


def job_failed(claim: Claim, outcome: Outcome, error: BaseException) -> None:
    """Report the exception that a run ended with, unless it says that nothing is wrong. Called in the job's thread."""
    at = desk()
    if at is not None and not _is_usual(outcome, error) and not at.counts(cause_of(error)):
        sentry_sdk.capture_exception(error)


def _is_usual(outcome: Outcome, error: BaseException) -> bool:
    """An error that its actor names in `throws`, the end of what it was about, or a wait that nobody's absence causes:
    a pause that a vendor asks for is an outage, if a short one."""
    waits = outcome.status in ("released", "queued") and not isinstance(error, RateLimited) and outcome.parking is None
    return outcome.expected or waits or isinstance(error, Gone | Cancelled) or type(error) is Release
