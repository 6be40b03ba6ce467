"""The statements that every chores process runs. None needs a leader: SKIP LOCKED and conditions suffice."""

from collections.abc import Iterable

from askpro.queues import hints, unique
from askpro.queues.database import EngineConnection

PROMOTE = """
WITH due AS MATERIALIZED (
    SELECT id FROM queues_job
     WHERE status IN ('scheduled', 'retrying', 'released') AND run_at <= clock_timestamp()
     ORDER BY run_at LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE queues_job AS job SET status = 'queued', ready_at = clock_timestamp(), run_at = NULL
  FROM due
 WHERE job.id = due.id
RETURNING job.id::text, job.queue_name
"""
FREE_LOCKS = """
WITH free AS MATERIALIZED (
    SELECT DISTINCT ON (lock_key, share_key) id FROM queues_job AS waiter
     WHERE status = 'released' AND run_at IS NULL AND coalesce(lock_key, share_key) IS NOT NULL
       AND (lock_key IS NULL OR NOT EXISTS (
            SELECT 1 FROM queues_lock WHERE key = waiter.lock_key AND job_id <> waiter.id))
       AND (share_key IS NULL OR share_limit > (
            SELECT count(*) FROM queues_lock
             WHERE key = ANY(SELECT waiter.share_key || '#' || n FROM generate_series(1, waiter.share_limit) AS n)))
       AND NOT (in_order AND EXISTS (
            SELECT 1 FROM queues_job AS earlier
             WHERE earlier.lock_key = waiter.lock_key AND earlier.id < waiter.id
               AND earlier.status NOT IN ('waiting', 'completed', 'dead', 'cancelled')))
     ORDER BY lock_key, share_key, id LIMIT %s
)
UPDATE queues_job AS job SET status = 'queued', ready_at = clock_timestamp()
  FROM free
 WHERE job.id = free.id AND job.status = 'released' AND job.run_at IS NULL
RETURNING job.id::text, job.queue_name
"""
# A lock outlives its job only if a row was changed by hand; nothing may wait for it then.
ORPHANED_LOCKS = """
DELETE FROM queues_lock AS lock
 WHERE taken_at < clock_timestamp() - interval '10 seconds'
   AND NOT EXISTS (SELECT 1 FROM queues_job WHERE id = lock.job_id
                      AND (status = 'processing' OR (in_order AND status NOT IN ('completed', 'dead', 'cancelled'))))
"""
AT_ONCE = 5000


def promote(database: EngineConnection) -> int:
    """Make due jobs ready; returns how many."""
    return _announce(database.rows(PROMOTE, (AT_ONCE,)))


def free_locks(database: EngineConnection) -> int:
    """Make the first waiter of every key that nobody holds ready; returns how many."""
    database.rows(ORPHANED_LOCKS)
    return _announce(database.rows(FREE_LOCKS, (AT_ONCE,)))


def sweep_unique_keys(database: EngineConnection) -> None:
    """Forget the unique keys of jobs that are over."""
    database.rows(unique.SWEEP)


def _announce(ready: Iterable[tuple[str, ...]]) -> int:
    by_queue: dict[str, list[str]] = {}
    for job_id, queue_name in ready:
        by_queue.setdefault(queue_name, []).append(job_id)
    hints.pusher().push(by_queue)
    return sum(map(len, by_queue.values()))
