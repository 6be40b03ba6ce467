"""Giving back what a dead worker held: started jobs pay a try, merely claimed ones go back free."""

import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from dramatiq import get_broker
from dramatiq.errors import ActorNotFound

from askpro.queues import hints
from askpro.queues.database import EngineConnection

# A job whose workers vanish without a readable trace this often is taken for the cause.
MOST_LOSSES = 3
STATEMENT = """
WITH started AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(claim_nos)s::int[], %(dead)s::bool[], %(ago)s::float8[])
        AS started (id, claim_no, dead, ago)
), held AS (
    SELECT id, claim_no, losses FROM queues_job
     WHERE worker_id = %(worker_id)s AND status = 'processing' ORDER BY id FOR UPDATE
), freed AS (
    UPDATE queues_job AS job
       SET status = CASE WHEN started.dead OR (%(lost)s AND held.losses + 1 >= %(most_losses)s)
                         THEN 'dead' ELSE 'queued' END,
           worker_id = NULL,
           tries_spent = job.tries_spent + (started.id IS NOT NULL)::int,
           losses = job.losses + (%(lost)s)::int,
           finished_at = CASE WHEN started.dead OR (%(lost)s AND held.losses + 1 >= %(most_losses)s)
                              THEN clock_timestamp() END,
           error_class = CASE WHEN started.id IS NOT NULL OR %(lost)s THEN %(error_class)s ELSE job.error_class END,
           error_message = CASE WHEN started.id IS NOT NULL OR %(lost)s THEN %(message)s ELSE job.error_message END
      FROM held LEFT JOIN started ON started.id = held.id AND started.claim_no = held.claim_no
     WHERE job.id = held.id
 RETURNING job.id, job.claim_no, job.queue_name, job.status, started.id IS NOT NULL AS was_started, started.ago
), attempted AS (
    INSERT INTO queues_attempt (job_id, claim_no, outcome, started_at, finished_at, worker_id,
                                error_class, error_message)
    SELECT id, claim_no, %(outcome)s, clock_timestamp() - ago * interval '1 second', clock_timestamp(),
           %(worker_id)s, %(error_class)s, %(message)s
      FROM freed WHERE was_started OR %(lost)s
), unlocked AS (
    DELETE FROM queues_lock AS lock USING freed WHERE lock.job_id = freed.id
), ended AS (
    UPDATE queues_worker SET status = 'dead', ended_at = clock_timestamp()
     WHERE id = %(worker_id)s AND status = 'running'
)
SELECT id::text, queue_name FROM freed WHERE status = 'queued'
"""
# What the worker still has open in PostgreSQL would keep its locks; a recycled backend pid has another name.
END_SESSIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE application_name = %s AND datname = current_database() AND pid <> pg_backend_pid()
"""
SPENT = (
    "SELECT id::text, actor_name, options::text, tries_spent, extra_tries FROM queues_job WHERE id = ANY(%s::uuid[])"
)


@dataclass(frozen=True, slots=True)
class Death:
    """A worker's end as its forker saw it. `started` are (job id, claim_no, seconds ago)."""

    worker_id: int
    started: Sequence[tuple[str, int, float]]
    timed_out: bool = False


def application_name(worker_id: int) -> str:
    """What a worker calls its database sessions, so that they can be ended with it."""
    return f"askpro worker {worker_id}"


def recover(database: EngineConnection, death: Death) -> int:
    """Make a dead worker's jobs ready again; returns how many. Doing it twice is harmless."""
    exhausted = _exhausted(database, [job_id for job_id, _, _ in death.started])
    what = ("timed_out", "TimeLimitExceeded", "Ran past its time limit; its process was killed.")
    if not death.timed_out:
        what = ("crashed", "WorkerCrashed", "The worker process died while the job ran.")
    return _free(database, death.worker_id, death.started, exhausted, what, lost=False)


def recover_lost(database: EngineConnection, worker_id: int) -> int:
    """The same for a worker whose host fell silent: nobody knows what it had started."""
    what = ("lost", "WorkerLost", "The worker's host fell silent while it held the job.")
    return _free(database, worker_id, [], set(), what, lost=True)


def _exhausted(database: EngineConnection, ids: Collection[str]) -> set[str]:
    """Those jobs that have no try left once this one is counted."""
    if not ids:
        return set()
    rows = database.rows(SPENT, ("{" + ",".join(ids) + "}",))
    return {row[0] for row in rows if row[3] + 1 > _max_retries(row[1], row[2]) + row[4]}


def _max_retries(actor_name: str, options: str) -> int:
    try:
        actor: Any = get_broker().get_actor(actor_name)
    except ActorNotFound:
        # A newer release's actor: its own processes will decide.
        return 0
    return int(actor.word("max_retries", json.loads(options)))


def _free(
    database: EngineConnection,
    worker_id: int,
    started: Sequence[tuple[str, int, float]],
    exhausted: set[str],
    what: tuple[str, str, str],
    *,
    lost: bool,
) -> int:
    database.rows(END_SESSIONS, (application_name(worker_id),))
    outcome, error_class, message = what
    ready = database.rows(
        STATEMENT,
        {  # type: ignore[arg-type]
            "worker_id": worker_id,
            "ids": [str(uuid.UUID(job_id)) for job_id, _, _ in started],
            "claim_nos": [claim_no for _, claim_no, _ in started],
            "dead": [job_id in exhausted for job_id, _, _ in started],
            "ago": [ago for _, _, ago in started],
            "lost": lost,
            "most_losses": MOST_LOSSES,
            "outcome": outcome,
            "error_class": error_class,
            "message": message,
        },
    )
    by_queue: dict[str, list[str]] = {}
    for job_id, queue_name in ready:
        by_queue.setdefault(queue_name, []).append(job_id)
    hints.pusher().push(by_queue)
    return len(ready)
