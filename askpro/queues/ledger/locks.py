"""Keys of running jobs: alone (`no_overlap`), in order (`in_order`), or at most n at once (`concurrency`)."""

from collections.abc import Sequence

from psycopg2.errors import LockNotAvailable

from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection
from askpro.queues.states import FINAL, UNDER_WAY

# The earlier jobs that keep a later job of an ordered key waiting. Of the jobs with status 'waiting', only steps of
# chains count, as long as their turn comes by what is earlier, too: then of all jobs that wait for one another the
# earliest goes on. A halted chain opens the key. Steps that wait for this very job do not count: later steps of its
# chain, and what is behind its batch.
MOVES = f"""
SELECT 1 FROM queues_job_live AS moving
 WHERE moving.chain_id = {{chain}} AND moving.chain_step >= 0 AND moving.status IN {UNDER_WAY}
   AND moving.id < {{later}}.id
UNION ALL
SELECT 1 FROM queues_batch AS part JOIN queues_job_live AS moving ON moving.batch_id = part.id
 WHERE part.chain_id = {{chain}} AND moving.status IN {UNDER_WAY} AND moving.id < {{later}}.id
"""
# `outer_id` is the chain in which the step's batch is a step, while it has not come to it.
COMES_BEFORE = f"""
SELECT 1
  FROM (SELECT earlier.chain_id, earlier.batch_id, batch.chain_id AS outer_id, begin.id IS NOT NULL AS is_to_begin
          FROM (SELECT) AS one LEFT JOIN queues_batch AS batch ON batch.id = earlier.batch_id
          LEFT JOIN queues_job_live AS begin ON begin.chain_id = batch.chain_id
           AND begin.chain_step = batch.chain_step - 2 AND begin.status NOT IN {FINAL}) AS step,
       (SELECT own.chain_id, own.batch_id, batch.chain_id AS outer_id
          FROM queues_job_live AS own LEFT JOIN queues_batch AS batch ON batch.id = own.batch_id
         WHERE own.id = {{later}}.id) AS mine
 WHERE step.chain_id IS DISTINCT FROM mine.chain_id
   AND (coalesce(step.outer_id, step.chain_id) IS DISTINCT FROM coalesce(mine.outer_id, mine.chain_id)
     OR step.batch_id IS NOT DISTINCT FROM mine.batch_id)
   AND (EXISTS ({MOVES.format(chain="step.chain_id", later="{later}")})
     OR (step.is_to_begin AND EXISTS ({MOVES.format(chain="step.outer_id", later="{later}")})))
"""
EARLIER = f"""
SELECT 1 FROM queues_job_live AS earlier
 WHERE earlier.lock_key = {{later}}.{{key}} AND earlier.id < {{later}}.id
   AND earlier.status NOT IN {FINAL}
   AND (earlier.status <> 'waiting' OR (earlier.chain_step >= 0 AND EXISTS ({COMES_BEFORE})))
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
