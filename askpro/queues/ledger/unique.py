"""`unique_by`: no second waiting copy. The key's row names the copy that waits."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection
from askpro.queues.states import FINAL

WAITING = "('queued', 'scheduled', 'retrying', 'released')"
# A key that is taken already is locked, not changed. When two senders find that the key's job is running, the second
# must see the first one's new copy; and the sweep must not delete a key that is about to be taken over.
TAKE = """
INSERT INTO queues_uniquekey AS standing (key, job_id) VALUES (%s, %s)
ON CONFLICT (key) DO UPDATE SET job_id = standing.job_id WHERE false RETURNING key
"""
# `ANY(ARRAY[…])`: see `claim.TAKE`.
# The row lock makes this safe: while our transaction is open, no worker claims the copy (a claim skips locked rows), so
# the copy will see what we are about to commit.
STANDING = f"""
SELECT job.id::text, job.queue_name, job.status FROM queues_uniquekey AS standing
  JOIN queues_job_live AS job ON job.id = ANY(ARRAY[standing.job_id])
 WHERE standing.key = %s AND job.status IN {WAITING} FOR NO KEY UPDATE OF job
"""
TAKE_OVER = "UPDATE queues_uniquekey SET job_id = %s WHERE key = %s"
BRING_FORWARD = """
UPDATE queues_job_live SET run_at = least(run_at, clock_timestamp() + %s * interval '1 millisecond')
 WHERE id = %s AND status = 'scheduled'
"""
MAKE_READY = """
UPDATE queues_job_live SET status = 'queued', ready_at = clock_timestamp(), run_at = NULL
 WHERE id = %s AND status = 'scheduled'
"""
SUPERSEDED = f"""
SELECT mine.id::text FROM unnest(%s::varchar[], %s::uuid[]) AS mine (key, id)
  JOIN queues_uniquekey AS standing ON standing.key = mine.key AND standing.job_id <> mine.id
  JOIN queues_job_live AS other ON other.id = ANY(ARRAY[standing.job_id]) AND other.status IN {WAITING}
"""
# Deletes the keys of jobs that are over, and skips those that a sender has locked at this moment. A key that was taken
# over since the statement began now names another job: it is compared again once it is locked, and stays.
SWEEP = f"""
WITH over AS MATERIALIZED (
    SELECT standing.key, standing.job_id
      FROM queues_uniquekey AS standing LEFT JOIN queues_job_live AS job ON job.id = standing.job_id
     WHERE job.id IS NULL OR job.status IN {FINAL}
     LIMIT 1000
), locked AS MATERIALIZED (
    SELECT standing.key FROM queues_uniquekey AS standing
      JOIN over ON over.key = standing.key AND over.job_id = standing.job_id
       FOR UPDATE OF standing SKIP LOCKED
)
DELETE FROM queues_uniquekey WHERE key IN (SELECT key FROM locked)
"""


def stand_in(key: str, job_id: str, delay: int | None) -> tuple[str, str] | None:
    """Take `key` for a new job, in the caller's transaction; None when the job has it now.

    Otherwise returns the copy that already waits, as (id, queue), brought forward to `delay` milliseconds from now.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [key, job_id])
        if cursor.fetchone():
            return None
        cursor.execute(STANDING, [key])
        standing = cursor.fetchone()
        if standing is None:
            # The key's job is running or over: what we are about to commit may come too late for it.
            cursor.execute(TAKE_OVER, [job_id, key])
            return None
        found, queue_name, status = standing
        if status == "scheduled":
            cursor.execute(*((MAKE_READY, [found]) if delay is None else (BRING_FORWARD, [delay, found])))
        return found, queue_name


def superseded(database: Connection, claims: Sequence[Claim]) -> set[str]:
    """The ids of those claims whose key belongs to a younger copy that waits."""
    unique = [claim for claim in claims if claim.feature("unique")]
    if not unique:
        return set()
    rows: list[tuple[Any, ...]] = database.rows(
        SUPERSEDED, ([claim.feature("unique") for claim in unique], [claim.id for claim in unique])
    )
    return {row[0] for row in rows}
