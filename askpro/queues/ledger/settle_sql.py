"""The settle statement, put together from the parts that a set of finished jobs needs."""

from functools import cache

from askpro.queues.ledger.database import Prepared
from askpro.queues.ledger.history import COLUMNS, COMPANY, KEPT, TODAY
from askpro.queues.states import FAILED, FINAL, NOT_STARTED, UNDER_WAY

# The row with this step is the chain's `catch`: sent when a step is dead or cancelled.
CATCH = -1
# The actor whose job is a batch's step in a chain.
START = "start_batch"

# A job that completed leaves the hot table at once. Its row tells the run that completed it, which then needs no row of
# its own among the attempts, unless it kept a log.
COMPLETE = f"""
INSERT INTO queues_job ({KEPT}, status, started_at, finished_at, day)
SELECT {KEPT}, 'completed', statement_timestamp() - started_ago * interval '1 second', statement_timestamp(), {TODAY}
  FROM gone
"""
# For jobs that all completed and that no other row depends on. Each is looked up by its id, whatever the statistics
# say: `ANY(ARRAY[…])` as in `claim.TAKE`, and `status || ''` allows no index on the status.
PLAIN = Prepared(f"""
WITH item AS (
    SELECT * FROM unnest(%s::uuid[], %s::int[], %s::float8[]) AS item (id, claim_no, started_ago)
), gone AS (
    DELETE FROM queues_job_live AS job USING item
     WHERE job.id = ANY(ARRAY[item.id]) AND job.claim_no = item.claim_no
       AND job.worker_id = %s AND job.status || '' = 'processing'
 RETURNING {", ".join(f"job.{column}" for column in COLUMNS)}, item.started_ago
){COMPLETE}RETURNING id::text
""")
# For such a job alone, whose transaction commits with it: if the job is not the worker's any more, this divides by
# zero, and PostgreSQL does not come to the COMMIT behind it.
ALONE = Prepared(f"""
WITH gone AS (
    DELETE FROM queues_job_live
     WHERE id = %s::uuid AND claim_no = %s::int AND worker_id = %s::bigint AND status || '' = 'processing'
 RETURNING {KEPT}, %s::float8 AS started_ago
), told AS ({COMPLETE})
SELECT 1 / count(*) FROM gone
""")

# One clock reading for the whole statement: a job never ends before its attempt.
# A running job has a `run_at` only if it was woken.
# The last real error stays: a deadline that passes while a failed job waits does not hide it.
# Rows are locked in the order of their ids, so that two such statements never deadlock.
# A process that was suspended may settle a job's lost claim and its new one together: claim_no tells them apart.
# Each item looks up its own row here, too: LATERAL allows no other order.
SAME_ERROR = "(item.error_class = '' OR (item.error_class = 'DeadlineExceeded' AND job.error_class <> ''))"
BASE = f"""
WITH item AS (
    SELECT * FROM unnest(
        %s::uuid[], %s::int[], %s::varchar[], %s::varchar[], %s::float8[], %s::float8[], %s::bool[], %s::float8[],
        %s::varchar[], %s::bool[], %s::varchar[], %s::varchar[], %s::text[], %s::varchar[], %s::text[], %s::float8[],
        %s::bool[], %s::varchar[], %s::int2[]
    ) AS item (id, claim_no, status, attempt, started_ago, ended_ago, spends_try, run_in,
               reason, expected, error_class, error_message, trace, fingerprint, log, slot_in, is_loss,
               gate, gate_urgency)
), held AS MATERIALIZED (
    SELECT item.*, job.progress_done, job.progress_total
      FROM (SELECT * FROM item ORDER BY id) AS item CROSS JOIN LATERAL (
          SELECT progress_done, progress_total FROM queues_job_live
           WHERE id = item.id AND claim_no = item.claim_no AND worker_id = %s AND status || '' = 'processing'
          OFFSET 0 FOR UPDATE) AS job
), changed AS (
    UPDATE queues_job_live AS job
       SET status = item.status,
           worker_id = NULL,
           tries_spent = job.tries_spent + item.spends_try::int,
           losses = job.losses + item.is_loss::int,
           releases = job.releases + (item.status = 'released')::int,
           release_reason = CASE WHEN item.status = 'released' THEN item.reason ELSE job.release_reason END,
           run_at = statement_timestamp() + CASE WHEN item.status = 'released' AND job.run_at IS NOT NULL THEN 0
                                                 ELSE item.run_in END * interval '1 second',
           gate = item.gate,
           gate_urgency = item.gate_urgency,
           gate_token = NULL,
           rate_slot_at = statement_timestamp() + item.slot_in * interval '1 second',
           ready_at = CASE WHEN item.status = 'queued' THEN coalesce(job.ready_at, statement_timestamp())
                           ELSE job.ready_at END,
           finished_at = CASE WHEN item.status IN {FINAL} THEN statement_timestamp() END,
           progress_done = CASE WHEN item.status IN {FINAL} THEN job.progress_done END,
           progress_total = CASE WHEN item.status IN {FINAL} THEN job.progress_total END,
           error_class = CASE WHEN {SAME_ERROR} THEN job.error_class ELSE item.error_class END,
           error_message = CASE WHEN {SAME_ERROR} THEN job.error_message ELSE item.error_message END
      FROM held AS item
     WHERE job.id = ANY(ARRAY[item.id]) AND job.claim_no = item.claim_no AND item.status <> 'completed'
 RETURNING item.*, job.queue_name, job.chain_id, job.chain_step, job.lock_key, job.in_order, job.share_key,
           job.batch_id, job.actor_name, job.fair_key, job.kwargs, job.ready_at
), gone AS (
    DELETE FROM queues_job_live AS job USING held AS item
     WHERE job.id = ANY(ARRAY[item.id]) AND job.claim_no = item.claim_no AND item.status = 'completed'
 RETURNING job.*, item.started_ago, item.ended_ago, item.log
), told AS (
    INSERT INTO queues_job ({KEPT}, status, started_at, finished_at, day)
    SELECT {KEPT}, 'completed', CASE WHEN log = '' THEN statement_timestamp() - started_ago * interval '1 second' END,
           statement_timestamp(), {TODAY}
      FROM gone
), settled AS (
    SELECT id, claim_no, status, attempt, started_ago, ended_ago, expected, error_class, error_message, trace,
           fingerprint, log, progress_done, progress_total,
           queue_name, chain_id, chain_step, lock_key, in_order, share_key, batch_id, ready_at
      FROM changed
    UNION ALL
    SELECT id, claim_no, 'completed', CASE WHEN log <> '' THEN 'completed' END, started_ago, ended_ago, false, '', '',
           '', '', log, progress_done, progress_total,
           queue_name, chain_id, chain_step, lock_key, in_order, share_key, batch_id, ready_at
      FROM gone
), attempted AS (
    INSERT INTO queues_attempt (job_id, claim_no, outcome, started_at, finished_at, worker_id, code_version,
                                expected, error_class, error_message, trace, fingerprint, log,
                                progress_done, progress_total, ready_at)
    SELECT id, claim_no, attempt, statement_timestamp() - started_ago * interval '1 second',
           statement_timestamp() - ended_ago * interval '1 second', %s::bigint, %s::varchar,
           expected, error_class, error_message, trace, fingerprint, log, progress_done, progress_total, ready_at
      FROM settled
     WHERE attempt IS NOT NULL
), died AS (
    INSERT INTO queues_metricdelta (what, queue_name, actor_name, company_id, about)
    SELECT 'dead', queue_name, actor_name, {COMPANY}, error_class FROM changed WHERE status = 'dead'
)"""

# An ordered key stays with its job until the job is over; every other key is free when the run ends. Keys are locked in
# their own order, as when they are taken, so that two statements never deadlock.
# Only a key that was really freed wakes a waiting job: a job that could not get its key has none to free.
LOCKS = f""", leaving AS MATERIALIZED (
    SELECT lock.key, settled.lock_key, settled.share_key
      FROM queues_lock AS lock JOIN settled ON settled.id = lock.job_id
     WHERE NOT settled.in_order OR lock.key <> settled.lock_key
        OR settled.status IN {FINAL}
     ORDER BY lock.key FOR UPDATE OF lock
), unlocked AS (
    DELETE FROM queues_lock AS lock USING leaving
     WHERE lock.key = leaving.key
 RETURNING lock.key, leaving.lock_key, leaving.share_key
), unblocked AS (
    SELECT waiter.id FROM (SELECT DISTINCT lock_key FROM unlocked WHERE key = lock_key) AS freed,
        LATERAL (SELECT id FROM queues_job_live
                  WHERE lock_key = freed.lock_key AND status = 'released' AND run_at IS NULL
                  ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) AS waiter
    UNION
    SELECT waiter.id FROM (SELECT share_key, count(*) FROM unlocked
                            WHERE share_key IS NOT NULL AND key IS DISTINCT FROM lock_key GROUP BY 1) AS freed,
        LATERAL (SELECT id FROM queues_job_live
                  WHERE share_key = freed.share_key AND status = 'released' AND run_at IS NULL
                  ORDER BY id LIMIT freed.count FOR UPDATE SKIP LOCKED) AS waiter
)"""

# A step that starts a batch runs even when its chain was cancelled, and then cancels the batch: otherwise the batch's
# members would never be over. The catch is not needed when the last step has completed, unless that step has started a
# batch. LATERAL with OFFSET makes each settled step look up its own chain: with statistics from before there were
# chains, a plain join reads all waiting steps for each settled one.
CHAINS = f""", halted AS (
    UPDATE queues_job_live AS job SET status = 'cancelled', finished_at = statement_timestamp()
      FROM settled, LATERAL (
        SELECT step.id FROM queues_job_live AS step
         WHERE step.chain_id = settled.chain_id AND step.status = 'waiting'
           AND ((settled.status = 'cancelled' AND settled.chain_step >= 0 AND step.chain_step >= 0
                 AND step.actor_name <> '{START}')
             OR (settled.status = 'completed' AND step.chain_step = {CATCH} AND NOT EXISTS (
                 SELECT 1 FROM queues_job_live AS later
                  WHERE later.chain_id = step.chain_id AND later.chain_step > settled.chain_step
                 UNION ALL SELECT 1 FROM queues_batch AS later
                  WHERE later.chain_id = step.chain_id AND later.chain_step > settled.chain_step)))
        OFFSET 0) AS ended
     WHERE job.id = ANY(ARRAY[ended.id]) AND job.status = 'waiting' AND job.id NOT IN (SELECT id FROM settled)
), following AS (
    SELECT waiter.id FROM settled, LATERAL (
        SELECT step.id FROM queues_job_live AS step
         WHERE step.chain_id = settled.chain_id AND step.status = 'waiting'
           AND ((settled.status = 'completed' AND step.chain_step = settled.chain_step + 1)
             OR (settled.status IN {FAILED} AND step.chain_step = {CATCH})
             OR (settled.status = 'cancelled' AND settled.chain_step >= 0 AND step.actor_name = '{START}'))
        OFFSET 0) AS waiter
)"""

# Members of a batch are settled by one worker after the other, so that the count of those that are over is right.
# Both statements are one message to PostgreSQL and one transaction, so a suspended worker holds no lock in between.
LOCK_BATCHES = "SELECT id FROM queues_batch WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE;\n"
# The first failure cancels the members that have not begun, unless the batch allows failures. One that waits for its
# next run may hold an ordered key, which nobody else would free. A chain inside a batch is
# one member: it is over when none of its steps can run any more, and its row in queues_batchmember makes sure that it
# is counted once.
BATCHES = f""", swept AS (
    UPDATE queues_job_live AS job
       SET status = 'cancelled', finished_at = statement_timestamp(), run_at = NULL, error_class = 'BatchCancelled'
      FROM queues_batch AS batch, LATERAL (
        SELECT id FROM queues_job_live WHERE batch_id = batch.id OFFSET 0) AS member
     WHERE batch.id IN (SELECT batch_id FROM settled WHERE status IN {FAILED}) AND NOT batch.allow_failures
       AND job.id = ANY(ARRAY[member.id]) AND job.id NOT IN (SELECT id FROM settled)
       AND job.status IN {NOT_STARTED}
 RETURNING job.batch_id, job.id, job.chain_id
), unheld AS (
    DELETE FROM queues_lock AS lock USING swept WHERE lock.job_id = swept.id
), touched AS (
    SELECT batch_id, id, chain_id, status FROM settled WHERE batch_id IS NOT NULL
    UNION ALL SELECT batch_id, id, chain_id, 'cancelled' FROM swept
), step AS (
    SELECT job.batch_id, job.chain_id, coalesce(touched.status, job.status) AS status
      FROM (SELECT DISTINCT chain_id FROM touched WHERE chain_id IS NOT NULL) AS chain
     CROSS JOIN LATERAL (
         SELECT id, batch_id, chain_id, status FROM queues_job_live WHERE chain_id = chain.chain_id
         UNION ALL SELECT id, batch_id, chain_id, status FROM queues_job_failed WHERE chain_id = chain.chain_id
         OFFSET 0) AS job
      LEFT JOIN touched ON touched.id = job.id
), chain_over AS (
    INSERT INTO queues_batchmember (batch_id, chain_id, failed)
    SELECT batch_id, chain_id, bool_or(status IN {FAILED}) FROM step GROUP BY batch_id, chain_id
    HAVING NOT bool_or(status IN {UNDER_WAY})
       AND (bool_or(status IN {FAILED}) OR NOT bool_or(status = 'waiting'))
        ON CONFLICT (chain_id) DO NOTHING
 RETURNING batch_id, failed
), counted AS (
    SELECT batch_id, count(*)::int AS ended, sum(failed::int)::int AS failed FROM (
        SELECT batch_id, failed FROM chain_over
        UNION ALL SELECT batch_id, status <> 'completed' FROM touched
                   WHERE chain_id IS NULL AND status IN {FINAL}
    ) AS member GROUP BY batch_id
), batches AS (
    UPDATE queues_batch AS batch
       SET pending = batch.pending - counted.ended,
           failed = batch.failed + counted.failed,
           status = CASE WHEN batch.pending - counted.ended <= 0 AND batch.status = 'open'
                         THEN 'finished' ELSE batch.status END,
           finished_at = CASE WHEN batch.pending - counted.ended <= 0 THEN statement_timestamp() END
      FROM counted
     WHERE batch.id = counted.batch_id
 RETURNING batch.*, counted.failed AS newly_failed
), called AS (
    SELECT on_finish_id AS id FROM batches WHERE pending <= 0
    UNION SELECT on_success_id FROM batches WHERE pending <= 0 AND failed = 0
    UNION SELECT job.id FROM batches, LATERAL (
        SELECT id FROM queues_job_live WHERE id = batches.on_failure_id AND status || '' = 'waiting' OFFSET 0) AS job
     WHERE newly_failed > 0 OR (pending <= 0 AND failed > 0)
    UNION SELECT job.id FROM batches, LATERAL (
        SELECT id FROM queues_job_live
         WHERE chain_id = batches.chain_id AND status || '' = 'waiting'
           AND chain_step = CASE WHEN batches.failed = 0 THEN batches.chain_step ELSE {CATCH} END
        OFFSET 0) AS job
     WHERE pending <= 0
), uncalled AS (
    UPDATE queues_job_live AS job SET status = 'cancelled', finished_at = statement_timestamp()
      FROM batches, LATERAL (
        SELECT CASE WHEN batches.failed > 0 THEN batches.on_success_id ELSE batches.on_failure_id END AS id
        UNION ALL
        SELECT id FROM queues_job_live AS step
         WHERE step.chain_id = batches.chain_id AND step.chain_step = {CATCH} AND batches.failed = 0 AND NOT EXISTS (
             SELECT 1 FROM queues_job_live AS later
              WHERE later.chain_id = step.chain_id AND later.chain_step >= batches.chain_step)
        OFFSET 0) AS ended
     WHERE batches.pending <= 0 AND job.id = ANY(ARRAY[ended.id]) AND job.status || '' = 'waiting'
)"""

# A callback exists if and only if the result that calls it was written. `unique_by` does not apply to it: each result
# has its own callback.
CALLBACKS = """, callback AS (
    INSERT INTO queues_job_live (id, actor_name, queue_name, args, kwargs, options, tags, status, ready_at,
                            deadline_at, lock_key, in_order, share_key, share_limit, fair_key, rate_limit, expires_at,
                            silenced)
    SELECT call.id, call.actor_name, call.queue_name, call.args::jsonb, '{}', call.options::jsonb,
           ARRAY(SELECT json_array_elements_text(call.tags::json)), 'queued',
           statement_timestamp(), statement_timestamp() + call.deadline * interval '1 millisecond',
           call.lock_key, call.in_order, call.share_key, call.share_limit, call.fair_key, call.rate_limit,
           call.expires_at, call.silenced
      FROM unnest(%s::uuid[], %s::uuid[], %s::varchar[], %s::varchar[], %s::text[], %s::text[], %s::text[], %s::int8[],
                  %s::varchar[], %s::bool[], %s::varchar[], %s::int2[], %s::varchar[], %s::varchar[],
                  %s::timestamptz[], %s::bool[])
               AS call (parent_id, id, actor_name, queue_name, args, options, tags, deadline,
                        lock_key, in_order, share_key, share_limit, fair_key, rate_limit, expires_at, silenced)
      JOIN settled ON settled.id = call.parent_id
 RETURNING id, queue_name
)"""

END = """, next AS (
    UPDATE queues_job_live AS job
       SET status = 'queued', ready_at = statement_timestamp(), run_at = NULL,
           deadline_at = CASE WHEN job.status = 'waiting'
                              THEN statement_timestamp() + (job.deadline_at - job.created_at)
                              ELSE job.deadline_at END
      FROM ({ready}) AS ready
     WHERE job.id = ANY(ARRAY[ready.id]) AND job.status IN ('waiting', 'released'){unless_swept}
 RETURNING job.id, job.queue_name
)
SELECT id::text, queue_name, true FROM next
UNION ALL SELECT id::text, queue_name, false FROM settled{called}
"""
NOTHING = "SELECT NULL::uuid AS id WHERE false"


@cache
def statement(*, locks: bool, chains: bool, batches: bool, callbacks: bool) -> Prepared:
    """The statement for jobs of which some have these features. Each combination is put together once."""
    ready = [
        *(["SELECT id FROM unblocked"] if locks else []),
        *(["SELECT id FROM following"] if chains else []),
        *(["SELECT id FROM called"] if batches else []),
    ]
    parts = [
        LOCK_BATCHES if batches else "",
        BASE,
        LOCKS if locks else "",
        BATCHES if batches else "",
        CHAINS if chains else "",
        CALLBACKS if callbacks else "",
        END.format(
            ready=" UNION ".join(ready) or NOTHING,
            # A row that one statement cancels must not be made ready by the same one.
            unless_swept="\n       AND job.id NOT IN (SELECT id FROM swept)" if batches else "",
            called="\nUNION ALL SELECT id::text, queue_name, true FROM callback" if callbacks else "",
        ),
    ]
    return Prepared("".join(parts))
