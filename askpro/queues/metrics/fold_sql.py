"""The statements of the fold.

A row counts as new by the transaction that wrote it, not by its time: transactions commit out of order. `xmin` names
that transaction; `counted` is the snapshot up to which everything is counted, `reading` the one up to which it is now
being counted. A run's row is written outside of savepoints, so the number is that of a whole transaction, which is what
snapshots list.
"""

from typing import Final

from askpro.queues.ledger.history import COMPANY, COMPANY_OF, TENANT
from askpro.queues.metrics.histogram import BUCKET_SQL

LOCK: Final = """
SELECT cluster = (SELECT system_identifier FROM pg_control_system()), counted, counted_at, running::text,
       reading, reading_at, reading_running::text, place
  FROM queues_metricfold FOR UPDATE
"""
UNLESS_LOCKED: Final = " SKIP LOCKED"
# A snapshot that shows nothing: no transaction is older than the first one.
NOTHING: Final = "3:3:"
BEGIN: Final = f"""
INSERT INTO queues_metricfold (id, cluster, counted, counted_at, running)
SELECT 1, system_identifier, '{NOTHING}', to_timestamp(0), '{{}}' FROM pg_control_system()
    ON CONFLICT DO NOTHING
"""
SESSION: Final = "SET LOCAL jit = off"
# First of all: what begins after this and before the next snapshot is later than the clock says here. A statement that
# runs and has written nothing yet may write rows as old as itself; one that runs for a minute and longer only reads,
# and autovacuum, which is nearly always at work, writes no rows at all.
RUNNING: Final = """
SELECT clock_timestamp(),
       least(clock_timestamp() - %(margin)s,
             min(query_start) FILTER (WHERE state = 'active' AND backend_xid IS NULL AND backend_type = 'client backend'
                                        AND query_start > clock_timestamp() - interval '1 minute')),
       coalesce(jsonb_object_agg(backend_xid::text, extract(epoch FROM xact_start))
                FILTER (WHERE backend_xid IS NOT NULL AND xact_start IS NOT NULL), '{}')::text
  FROM pg_stat_activity WHERE pid <> pg_backend_pid()
"""
SNAPSHOT: Final = "SELECT pg_current_snapshot()::text"
OPEN: Final = """
UPDATE queues_metricfold
   SET cluster = (SELECT system_identifier FROM pg_control_system()), counted = %(counted)s,
       reading = %(reading)s, reading_at = %(at)s, reading_running = %(running)s::jsonb, place = %(place)s
"""
PLACE: Final = "UPDATE queues_metricfold SET place = %(place)s"
CLOSE: Final = """
UPDATE queues_metricfold
   SET counted = reading, counted_at = reading_at, running = reading_running,
       reading = '', reading_at = NULL, reading_running = '{}', place = NULL
"""
FIRST: Final = """
SELECT least((SELECT min(day)::timestamp AT TIME ZONE 'UTC' FROM queues_job WHERE status = 'completed'),
             (SELECT min(recorded_at) FROM queues_attempt), statement_timestamp())
"""
IS_THERE: Final = """
SELECT EXISTS (SELECT 1 FROM queues_job WHERE status = 'completed'
                  AND day BETWEEN (%(from)s::timestamptz AT TIME ZONE 'UTC')::date
                              AND (%(until)s::timestamptz AT TIME ZONE 'UTC')::date
                  AND finished_at >= %(from)s AND finished_at < %(until)s)
    OR EXISTS (SELECT 1 FROM queues_attempt WHERE recorded_at >= %(from)s AND recorded_at < %(until)s)
"""
# The number of the transaction that wrote a row. Rows have 32 bits of it: enough to tell how many came since.
_XID: Final = "own - age(row.xmin) AS xid"
# Most rows that are looked at were counted before, and need no look at the snapshots.
_NEW: Final = """xid >= counted_first
       AND (xid >= counted_next OR NOT pg_visible_in_snapshot(xid::text::xid8, %(counted)s::pg_snapshot))
       AND (xid < reading_first OR pg_visible_in_snapshot(xid::text::xid8, %(reading)s::pg_snapshot))"""
_SECONDS: Final = """
CASE WHEN {end} > {begin} THEN date_part('epoch', {end} - {begin}) WHEN {end} <= {begin} THEN 0 END"""
# Unlike `date_trunc`, it asks for no time zone; `date_part` for no exact number.
_MINUTE: Final = "date_bin('1 minute', {}, '2000-01-01+00')"
_COMPANY: Final = COMPANY_OF.format(tenant="tenant")
# What was counted, once for each kind of job and once for each company.
_MINUTE_ROWS: Final = """minute AS (
    INSERT INTO queues_metricminute (at, what, queue_name, actor_name, company_id, about, bucket, count, total)
    SELECT at, what, queue_name, actor_name, 0, about, bucket, sum(count), sum(total)
      FROM {facts} GROUP BY 1, 2, 3, 4, 6, 7
    UNION ALL
    SELECT at, what, queue_name, '', company_id, about, bucket, sum(count), sum(total)
      FROM {facts} WHERE company_id <> 0 GROUP BY 1, 2, 3, 5, 6, 7
)"""
# The row of a completed job tells an arrival, and a run, unless that has a row of its own among the attempts. All that
# is alike becomes one cell first: the texts of a million rows are compared once each.
FOLD: Final = f"""
WITH limits AS MATERIALIZED (
    SELECT pg_current_xact_id()::text::bigint AS own,
           pg_snapshot_xmin(%(counted)s::pg_snapshot)::text::bigint AS counted_first,
           pg_snapshot_xmax(%(counted)s::pg_snapshot)::text::bigint AS counted_next,
           pg_snapshot_xmin(%(reading)s::pg_snapshot)::text::bigint AS reading_first
), tried AS MATERIALIZED (
    SELECT * FROM (
        SELECT job_id, outcome, error_class, ready_at, started_at, limits.*, {_XID},
               coalesce(finished_at, recorded_at) AS finished_at
          FROM queues_attempt AS row, limits
         WHERE recorded_at >= %(from)s AND recorded_at < %(until)s::timestamptz AND outcome <> 'released'
        OFFSET 0) AS row
     WHERE {_NEW}
), told AS (
    SELECT CASE WHEN started_at IS NOT NULL THEN 'completed' END AS what, '' AS about, queue_name, actor_name, tenant,
           created_at, ready_at, started_at, finished_at
      FROM (SELECT queue_name, actor_name, {TENANT} AS tenant, created_at, ready_at, started_at, finished_at,
                   limits.*, {_XID}
              FROM queues_job AS row, limits
             WHERE status = 'completed' AND day >= (%(from)s::timestamptz AT TIME ZONE 'UTC')::date
               AND finished_at >= %(from)s AND finished_at < %(until)s::timestamptz OFFSET 0) AS row
     WHERE {_NEW}
    UNION ALL
    SELECT CASE WHEN outcome IN ('completed', 'cancelled') THEN outcome ELSE 'failed' END,
           CASE WHEN outcome IN ('completed', 'cancelled') THEN ''
                WHEN error_class = '' THEN outcome ELSE error_class END,
           coalesce(job.queue_name, ''), coalesce(job.actor_name, ''), tenant, NULL, ready_at, started_at, finished_at
      FROM tried LEFT JOIN LATERAL (
          SELECT queue_name, actor_name, {TENANT} AS tenant FROM queues_job WHERE id = tried.job_id
          UNION ALL SELECT queue_name, actor_name, NULL FROM queues_archived_job WHERE id = tried.job_id
          LIMIT 1) AS job ON true
), timed AS (
    SELECT *, {_SECONDS.format(begin="started_at", end="finished_at")} AS took,
           {_SECONDS.format(begin="ready_at", end="started_at")} AS waited
      FROM told OFFSET 0
), cell AS MATERIALIZED (
    SELECT what, about, queue_name, actor_name, tenant, {_MINUTE.format("finished_at")} AS ended,
           {_MINUTE.format("started_at")} AS began, {_MINUTE.format("created_at")} AS sent,
           {BUCKET_SQL.format(seconds="coalesce(took, 0)")} AS run_bucket, {BUCKET_SQL.format(seconds="waited")}
               AS wait_bucket, count(*) AS count, sum(coalesce(took, 0)) AS took, sum(waited) AS waited
      FROM timed GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
), fact (at, what, queue_name, actor_name, company_id, about, bucket, count, total) AS MATERIALIZED (
    SELECT ended, what, queue_name, actor_name, {_COMPANY}, about, run_bucket, count, took
      FROM cell WHERE what IS NOT NULL
    UNION ALL
    SELECT began, 'wait', queue_name, actor_name, {_COMPANY}, '', wait_bucket, count, waited
      FROM cell WHERE wait_bucket IS NOT NULL
    UNION ALL
    SELECT sent, 'arrived', queue_name, actor_name, {_COMPANY}, '', 0, count, 0
      FROM cell WHERE sent IS NOT NULL
), {_MINUTE_ROWS.format(facts="fact")}
SELECT coalesce(sum(count), 0)::bigint FROM cell
"""
# What others have appended is there or is gone: whoever takes a row away has counted it.
DELTAS: Final = f"""
WITH gone AS (
    DELETE FROM queues_metricdelta WHERE id IN (SELECT id FROM queues_metricdelta ORDER BY id LIMIT %(most)s)
 RETURNING date_trunc('minute', at) AS at, what, queue_name, actor_name, company_id, about, bucket, count, total
), {_MINUTE_ROWS.format(facts="gone")}
SELECT count(*) FROM gone
"""
# For whoever deletes jobs that have not completed: until then, the ledger itself tells that they arrived.
ARRIVED: Final = f"""
INSERT INTO queues_metricdelta (what, at, queue_name, actor_name, company_id, count)
SELECT 'arrived', created_at, queue_name, actor_name, {COMPANY}, 1 FROM {{source}}
"""
