"""Tenants take turns (`fair_by`): the next job is of the tenant with the least running, then of the longest waiting."""

from collections.abc import Collection

from askpro.queues.ledger import claim as claims
from askpro.queues.ledger.claim import ACTOR_RUNS, COLUMNS, LIVES, QUEUE_RUNS, Claim
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.ledger.floors import YOUNG, Floor

# The tenant of all jobs that name none, in a queue in which others do.
NOBODY = "(none)"
# The most tenants that one claim looks at. When more wait, the next claim begins at the last of them.
MOST_TENANTS = 200
# Candidates beside twice the wanted jobs: other processes may be claiming the first ones at this moment.
SPARE = 32
FIRST = ""
# The actors that may run here; no row when nothing may. Each part of the statement asks this once, and not each row.
MAY = f"""may AS MATERIALIZED (
    SELECT ARRAY(SELECT actor_name FROM unnest($2) AS known (actor_name)
                  WHERE {ACTOR_RUNS}) AS actors
     WHERE {QUEUE_RUNS % "$1"} AND {LIVES % "$3"}
)"""
WAITS = """status = 'queued' AND queue_name = $1 AND actor_name = ANY((SELECT actors FROM may)::varchar[])
   AND ready_at >= $7"""


def _walk(name: str, begin: str, until: str = "true") -> str:
    """A query that goes from tenant to tenant, one look into the index each, and reads no more than are asked for."""
    return f"""{name} (fair_key, ready_at) AS (
    SELECT {begin}::varchar, NULL::timestamptz
    UNION ALL
    SELECT next.* FROM {name} AS last, LATERAL (
        SELECT fair_key, ready_at FROM queues_job_live
         WHERE {WAITS} AND fair_key > last.fair_key AND {until}
         ORDER BY fair_key, ready_at, id LIMIT 1) AS next
)"""


# Jobs are taken one by one: each time of the tenant with the least running, the ones taken before included. The n-th
# job of a tenant that has r running so has the place r + n, and jobs with the same place go by age.
# Only the first tenants in this order can have one of the first places, and none can have more jobs than `most.place`
# allows: the place that all of them would reach together if each had jobs enough. So few rows are read, however many
# jobs a tenant has.
# As in `settle_sql.py`, LATERAL and OFFSET 0 make each candidate look up its own row, in order, whatever the statistics
# say: none is locked that is not taken.
PREPARATION = f"""
PREPARE take_turns (varchar, varchar[], bigint, bigint, bigint, varchar, timestamptz, timestamptz) AS
WITH RECURSIVE {MAY}, {_walk("onward", "$6")}, {_walk("around", "''", "fair_key <= $6")}
, tenant AS MATERIALIZED (
    SELECT * FROM (SELECT * FROM onward UNION ALL SELECT * FROM around) AS walk
     WHERE ready_at IS NOT NULL LIMIT {MOST_TENANTS}
), busy AS MATERIALIZED (
    SELECT fair_key, count(*) AS running, min(ready_at) AS since FROM queues_job_live
     WHERE status = 'processing' AND queue_name = $1 AND ready_at >= $8 GROUP BY fair_key
), turn AS MATERIALIZED (
    SELECT fair_key, ready_at, coalesce(running, 0) AS running
      FROM tenant LEFT JOIN busy USING (fair_key) ORDER BY running, ready_at, fair_key LIMIT $5
), most AS MATERIALIZED (
    SELECT min(ceil(($5 + running) / tenants))::int AS place FROM (
        SELECT sum(running) OVER so_far AS running, row_number() OVER so_far AS tenants FROM turn
        WINDOW so_far AS (ORDER BY running, ready_at, fair_key ROWS UNBOUNDED PRECEDING)) AS filled
), candidate AS MATERIALIZED (
    SELECT job.id FROM turn, most, LATERAL (
        SELECT id, ready_at, running + row_number() OVER () AS place FROM (
            SELECT id, ready_at FROM queues_job_live WHERE {WAITS} AND fair_key = turn.fair_key
             ORDER BY ready_at, id LIMIT greatest(most.place - turn.running, 0)) AS oldest) AS job
     ORDER BY job.place, job.ready_at, job.id
), ready AS MATERIALIZED (
    SELECT job.id FROM candidate, LATERAL (
        SELECT id FROM queues_job_live WHERE id = candidate.id AND status || '' = 'queued'
        OFFSET 0 FOR UPDATE SKIP LOCKED) AS job LIMIT $4
)
UPDATE queues_job_live AS job
   SET status = 'processing', worker_id = $3, claim_no = job.claim_no + 1
 WHERE job.id = ANY(ARRAY(SELECT id FROM ready))
RETURNING {COLUMNS}, (SELECT (array_agg(fair_key))[{MOST_TENANTS}] FROM tenant),
          least((SELECT CASE WHEN count(*) < {MOST_TENANTS} THEN min(ready_at) ELSE $7 END FROM tenant), {YOUNG}),
          least((SELECT min(since) FROM busy), (SELECT min(ready_at) FROM tenant), {YOUNG})
"""
EXECUTION = "EXECUTE take_turns (%s, %s, %s, %s, %s, %s, %s, %s)"
# Who claims, as in `claim.py`; the statement is prepared, so it needs a session of the engine's own.
Who = tuple[EngineConnection, int, str, Collection[str]]


def by_turn(
    who: Who, limit: int, begin: str = FIRST, floor: Floor | None = None, running: Floor | None = None
) -> tuple[list[Claim], str]:
    """Claim up to `limit` queued jobs in turn; also returns the tenant to `begin` with next time.

    A claim that finds fewer than `limit` may have left some: only one that finds nothing has seen everything, from the
    queue's `floor` on. Of the `running` jobs, those from their floor on count.
    """
    database, worker_id, queue_name, actors = who
    floor, running = floor or Floor(), running or Floor()
    since = floor.since()
    params = queue_name, list(actors), worker_id, limit, 2 * limit + SPARE, begin, since, running.since()
    rows = database.rows_prepared(PREPARATION, EXECUTION, params)
    if not rows:
        # Rows of an earlier release have no tenant, and are older than all others.
        claimed, oldest = claims.ready_since(who, limit, since)
        floor.found(database, oldest)
        return claimed, FIRST
    *_, last_tenant, oldest, oldest_running = rows[0]
    floor.found(database, oldest)
    running.found(database, oldest_running)
    return claims.claims_of([row[:-3] for row in rows]), last_tenant or FIRST
