"""The statements that every chores process runs. None needs a leader: SKIP LOCKED and conditions suffice."""

from collections.abc import Iterable

from askpro.queues import hints
from askpro.queues.database import EngineConnection

PROMOTE = """
UPDATE queues_job AS job SET status = 'queued', ready_at = clock_timestamp(), run_at = NULL
  FROM (SELECT id FROM queues_job
         WHERE status IN ('scheduled', 'retrying', 'released') AND run_at <= clock_timestamp()
         ORDER BY run_at LIMIT %s FOR UPDATE SKIP LOCKED) AS due
 WHERE job.id = due.id
RETURNING job.id::text, job.queue_name
"""
FREE_LOCKS = """
UPDATE queues_job AS job SET status = 'queued', ready_at = clock_timestamp()
  FROM (SELECT DISTINCT ON (lock_key) id FROM queues_job AS waiter
         WHERE status = 'released' AND run_at IS NULL AND lock_key IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM queues_lock WHERE key = waiter.lock_key)
         ORDER BY lock_key, id LIMIT %s) AS free
 WHERE job.id = free.id AND job.status = 'released' AND job.run_at IS NULL
RETURNING job.id::text, job.queue_name
"""
# A lock outlives its job only if a row was changed by hand; nothing may wait for it then.
ORPHANED_LOCKS = """
DELETE FROM queues_lock AS lock
 WHERE taken_at < clock_timestamp() - interval '10 seconds'
   AND NOT EXISTS (SELECT 1 FROM queues_job WHERE id = lock.job_id AND status = 'processing')
"""
OVERDUE = """
UPDATE queues_job SET status = 'dead', finished_at = clock_timestamp(), run_at = NULL,
       error_class = CASE WHEN error_class = '' THEN 'DeadlineExceeded' ELSE error_class END,
       error_message = CASE WHEN error_class = '' THEN 'Not finished before its deadline.' ELSE error_message END
 WHERE id IN (SELECT id FROM queues_job WHERE status IN ('scheduled', 'retrying', 'released')
                 AND deadline_at < clock_timestamp() LIMIT %s FOR UPDATE SKIP LOCKED)
"""
AT_ONCE = 5000


def promote(database: EngineConnection) -> int:
    """Make due jobs ready; returns how many."""
    return _announce(database.rows(PROMOTE, (AT_ONCE,)))


def free_locks(database: EngineConnection) -> int:
    """Make the first waiter of every key that nobody holds ready; returns how many."""
    database.rows(ORPHANED_LOCKS)
    return _announce(database.rows(FREE_LOCKS, (AT_ONCE,)))


def end_overdue(database: EngineConnection) -> None:
    """Waiting past the deadline ends visibly, with the last real error."""
    database.rows(OVERDUE, (AT_ONCE,))


def _announce(ready: Iterable[tuple[str, ...]]) -> int:
    by_queue: dict[str, list[str]] = {}
    for job_id, queue_name in ready:
        by_queue.setdefault(queue_name, []).append(job_id)
    hints.pusher().push(by_queue)
    return sum(map(len, by_queue.values()))
