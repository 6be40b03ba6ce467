"""The statements that every chores process runs. None needs a leader: SKIP LOCKED and conditions suffice."""

from askpro.queues.ledger import hints, unique
from askpro.queues.ledger.database import Connection
from askpro.queues.ledger.floors import YOUNG, Floor
from askpro.queues.ledger.locks import EARLIER
from askpro.queues.states import FINAL, LATER

# Compared with the statement's clock: `clock_timestamp()` may change from row to row, so no index can be used with it,
# and a million delayed jobs would be read five times a second. `ANY(ARRAY[…])`: see `claim.TAKE`.
PROMOTE = f"""
WITH due AS MATERIALIZED (
    SELECT id, run_at FROM queues_job_live
     WHERE status IN {LATER} AND run_at >= %s AND run_at <= statement_timestamp()
     ORDER BY run_at LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE queues_job_live AS job SET status = 'queued', ready_at = clock_timestamp(), run_at = NULL
  FROM due
 WHERE job.id = ANY(ARRAY[due.id])
RETURNING job.id::text, job.queue_name, least((SELECT min(run_at) FROM due), {YOUNG})
"""
# For each key only the first waiter is checked, or the key's holder if it waits for something else: a key may have tens
# of thousands of waiters. Rows that another transaction has locked are skipped, so that the heartbeat never waits.
FREE_LOCKS = f"""
WITH waiter AS MATERIALIZED (
    SELECT id, lock_key, share_key FROM queues_job_live
     WHERE status = 'released' AND run_at IS NULL AND coalesce(lock_key, share_key) IS NOT NULL
), first AS MATERIALIZED (
    (SELECT DISTINCT ON (lock_key, share_key) id FROM waiter ORDER BY lock_key, share_key, id)
    UNION
    SELECT waiter.id FROM queues_lock AS own JOIN waiter ON waiter.id = own.job_id AND waiter.lock_key = own.key
), free AS MATERIALIZED (
    SELECT job.id FROM queues_job_live AS job JOIN first ON first.id = job.id
     WHERE status = 'released' AND run_at IS NULL
       AND (lock_key IS NULL OR NOT EXISTS (
            SELECT 1 FROM queues_lock WHERE key = job.lock_key AND job_id <> job.id))
       AND (share_key IS NULL OR share_limit > (
            SELECT count(*) FROM queues_lock
             WHERE key = ANY(SELECT job.share_key || '#' || n FROM generate_series(1, job.share_limit) AS n)))
       AND NOT (in_order AND EXISTS ({EARLIER.format(later="job", key="lock_key")}))
     ORDER BY job.id LIMIT %s FOR UPDATE OF job SKIP LOCKED
)
UPDATE queues_job_live AS job SET status = 'queued', ready_at = clock_timestamp()
  FROM free
 WHERE job.id = ANY(ARRAY[free.id])
RETURNING job.id::text, job.queue_name
"""
# A lock outlives its job only if a row was changed by hand; then no job may keep waiting for it.
ORPHANED_LOCKS = f"""
DELETE FROM queues_lock AS lock
 WHERE taken_at < clock_timestamp() - interval '10 seconds'
   AND NOT EXISTS (SELECT 1 FROM queues_job_live WHERE id = lock.job_id
                      AND (status = 'processing' OR (in_order AND status NOT IN {FINAL})))
"""
AT_ONCE = 5000


def promote(database: Connection, floor: Floor | None = None) -> int:
    """Make due jobs ready; returns how many. The `floor` says where to begin."""
    floor = floor or Floor()
    rows = database.rows(PROMOTE, (floor.since(), AT_ONCE))
    floor.found(database, rows[0][-1] if rows else None)
    return hints.announce((job_id, queue_name) for job_id, queue_name, _ in rows)


def free_locks(database: Connection) -> int:
    """Make the first waiter of every free key ready; returns how many."""
    database.rows(ORPHANED_LOCKS)
    return hints.announce(database.rows(FREE_LOCKS, (AT_ONCE,)))


def sweep_unique_keys(database: Connection) -> None:
    """Forget the unique keys of jobs that are over."""
    database.rows(unique.SWEEP)
