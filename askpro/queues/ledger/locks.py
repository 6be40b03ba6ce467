"""Keys of running jobs: alone (`no_overlap`), in order (`in_order`), or at most n at once (`concurrency`)."""

from collections.abc import Sequence

from psycopg2.errors import LockNotAvailable

from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection
from askpro.queues.states import FINAL

# The earlier jobs that keep a later job of an ordered key waiting. Of the jobs with status 'waiting', only steps of
# other chains count: a later step of the job's own chain, or a callback of its batch, waits for this very job. The
# steps of a chain that has halted keep no job waiting: a dead job opens the key.
EARLIER = f"""
SELECT 1 FROM queues_job_live AS earlier
 WHERE earlier.lock_key = {{later}}.{{key}} AND earlier.id < {{later}}.id
   AND earlier.status NOT IN {FINAL}
   AND (earlier.status <> 'waiting' OR (earlier.chain_step >= 0 AND earlier.chain_id IS DISTINCT FROM
        (SELECT chain_id FROM queues_job_live WHERE id = {{later}}.id) AND NOT EXISTS (
            SELECT 1 FROM queues_job_live AS halt WHERE halt.chain_id = earlier.chain_id AND halt.status = 'dead'
            UNION ALL
            SELECT 1 FROM queues_job_failed AS halt WHERE halt.chain_id = earlier.chain_id AND halt.status = 'dead')))
"""
# A claim that was repeated after a crash takes over the key of its own earlier try. Where order counts, an earlier
# unfinished job of the key keeps all later jobs waiting, except the key's holder: an earlier job that died and was
# retried is itself waiting for that key, and the two would deadlock.
ACQUIRE = f"""
INSERT INTO queues_lock (key, job_id, claim_no)
SELECT DISTINCT ON (key) key, id, claim_no
  FROM (SELECT wanted.*, EXISTS (SELECT 1 FROM queues_lock AS own
                                  WHERE own.key = wanted.key AND own.job_id = wanted.id) AS is_holder
          FROM unnest(%s::varchar[], %s::uuid[], %s::int[], %s::bool[]) AS wanted (key, id, claim_no, in_order)
       ) AS wanted
 WHERE is_holder OR NOT in_order OR NOT EXISTS ({EARLIER.format(later="wanted", key="key")})
 ORDER BY key, is_holder DESC, id
ON CONFLICT (key) DO UPDATE SET claim_no = excluded.claim_no WHERE queues_lock.job_id = excluded.job_id
RETURNING job_id::text
"""
# One row per place. Two processes may reach for the same place: the loser waits and is woken within a second.
TAKE_PLACE = """
INSERT INTO queues_lock (key, job_id, claim_no)
SELECT wanted.key || '#' || free.place, wanted.id, wanted.claim_no
  FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY id) AS number
          FROM unnest(%s::varchar[], %s::uuid[], %s::int[], %s::int[]) AS wanted (key, id, claim_no, places)) AS wanted,
       LATERAL (SELECT place, row_number() OVER (ORDER BY place) AS number
                  FROM generate_series(1, wanted.places) AS place
                 WHERE NOT EXISTS (SELECT 1 FROM queues_lock WHERE key = wanted.key || '#' || place)) AS free
 WHERE free.number = wanted.number
 ORDER BY 1
ON CONFLICT DO NOTHING
RETURNING job_id::text
"""


def acquire(database: Connection, claims: Sequence[Claim]) -> tuple[list[Claim], list[Claim]]:
    """Split claims into those that may run now, and those whose key is taken. Keys are taken in sorted order."""
    may, blocked = _split(database, list(claims), "lock", ACQUIRE, "order")
    may, full = _split(database, may, "share", TAKE_PLACE, "places")
    return may, blocked + full


def _split(
    database: Connection, claims: list[Claim], feature: str, statement: str, detail: str
) -> tuple[list[Claim], list[Claim]]:
    wanting = [claim for claim in claims if claim.feature(feature)]
    if not wanting:
        return claims, []
    wanted = (
        [claim.feature(feature) for claim in wanting],
        [claim.id for claim in wanting],
        [claim.claim_no for claim in wanting],
        [claim.feature(detail) or False for claim in wanting],
    )
    try:
        rows = database.rows(statement, wanted)
    except LockNotAvailable:
        # Another transaction has locked one of the keys. All jobs that want a key wait, and are woken within a second
        # or two.
        rows = []
    holders = {row[0] for row in rows}
    may = [claim for claim in claims if not claim.feature(feature) or claim.id in holders]
    return may, [claim for claim in wanting if claim.id not in holders]
