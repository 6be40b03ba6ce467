"""What a job reports while it runs: lines for its attempt's log, and how far it is."""

import logging
import time
from datetime import UTC, datetime

from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.current import current
from askpro.queues.ledger.database import CONNECTION_ERRORS
from askpro.queues.ledger.outcome import clean

logger = logging.getLogger(__name__)

LONGEST_LOG = 20_000
LONGEST_LINE = 2_000
LARGEST = 2**31 - 1
# Seconds between two writes of the progress; the last step is always written.
WRITE_EVERY = 1.0


def log(text: object) -> None:
    """Add a line to the log of the current attempt, written when the run has ended. Outside of a job: nothing."""
    claim = current.claim
    if claim is None:
        return
    length = sum(map(len, claim.log))
    if length < LONGEST_LOG:
        line = f"{datetime.now(UTC):%H:%M:%S.%f} {clean(str(text), LONGEST_LINE)}\n"
        claim.log.append(line)
        if length + len(line) >= LONGEST_LOG:
            claim.log.append("… (the rest was left out)\n")


def progress(done: int, total: int) -> None:
    """Report how far the current job is; people see it within a second. Outside of a job: nothing."""
    done, total = max(int(done), 0), max(int(total), 0)
    claim, database = current.claim, current.database
    if claim is None or database is None or not _is_due(claim, done, total):
        return
    try:
        # On the engine's own connection, so that an atomic job's progress is visible before it commits.
        database.rows(
            "UPDATE queues_job_live SET progress_done = %s, progress_total = %s"
            " WHERE id = %s AND worker_id = %s AND claim_no = %s AND status = 'processing'",
            (*_fitting(done, total), claim.id, current.worker_id, claim.claim_no),
        )
    except CONNECTION_ERRORS as error:
        logger.warning("Progress of %s is not written: %s", claim.id, type(error).__name__)


def _fitting(done: int, total: int) -> tuple[int, int]:
    """The numbers, in the same proportion, made to fit their columns: a job may count bytes."""
    scale = max(1, -(-max(done, total) // LARGEST))
    return done // scale, total // scale


def _is_due(claim: Claim, done: int, total: int) -> bool:
    now = time.monotonic()
    if done < total and claim.progress_at and now - claim.progress_at < WRITE_EVERY:
        return False
    claim.progress_at = now
    return True
