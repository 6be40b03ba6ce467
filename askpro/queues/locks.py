"""`no_overlap`: a key is a row owned by the job that holds it."""

from collections.abc import Sequence

from askpro.queues.claim import Claim
from askpro.queues.database import EngineConnection

# A claim that was repeated after a crash takes over the key of its own earlier try.
ACQUIRE = """
INSERT INTO queues_lock (key, job_id, claim_no)
SELECT DISTINCT ON (key) key, id, claim_no
  FROM unnest(%s::varchar[], %s::uuid[], %s::int[]) AS wanted (key, id, claim_no)
 ORDER BY key, id
ON CONFLICT (key) DO UPDATE SET claim_no = excluded.claim_no WHERE queues_lock.job_id = excluded.job_id
RETURNING job_id::text
"""


def acquire(database: EngineConnection, claims: Sequence[Claim]) -> tuple[list[Claim], list[Claim]]:
    """Split claims into those that may run now, and those whose key is taken. Keys are taken in sorted order."""
    locked = [claim for claim in claims if claim.lock_key is not None]
    if not locked:
        return list(claims), []
    rows = database.rows(
        ACQUIRE,
        ([c.lock_key for c in locked], [c.id for c in locked], [c.claim_no for c in locked]),
    )
    holders = {row[0] for row in rows}
    free = [claim for claim in claims if claim.lock_key is None or claim.id in holders]
    return free, [claim for claim in locked if claim.id not in holders]
