"""Claiming: the one statement that decides who runs a job, by ids that Redis hinted at or by age."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from askpro.queues.ledger.database import Connection, Prepared
from askpro.queues.ledger.floors import YOUNG, Floor

# What a process needs to know of a job. Its features are one JSON value; it is NULL for most jobs, which costs nothing.
COLUMNS = """
job.id::text, job.actor_name, job.queue_name, job.args::text, job.kwargs::text, job.options::text, job.claim_no,
job.tries_spent, job.extra_tries, job.losses, coalesce(job.deadline_at < clock_timestamp(), false),
(extract(epoch FROM job.created_at) * 1000)::bigint,
CASE WHEN coalesce(lock_key, share_key, unique_key, rate_limit, gate) IS NOT NULL OR chain_id IS NOT NULL
       OR batch_id IS NOT NULL OR expires_at IS NOT NULL OR cancel_at IS NOT NULL
       OR options ?| ARRAY['on_success', 'on_failure']
     THEN json_strip_nulls(json_build_object(
          'lock', lock_key, 'order', nullif(in_order, false), 'share', share_key, 'places', share_limit,
          'unique', unique_key, 'rate', rate_limit, 'chain', chain_id, 'batch', batch_id, 'cancel', cancel_at,
          'gate', gate, 'granted', CASE WHEN gate_token = job.claim_no THEN ready_at END,
          'slot_in', extract(epoch FROM rate_slot_at - clock_timestamp()),
          'expires_in', extract(epoch FROM expires_at - clock_timestamp())))::text END
"""
# The inner SELECT locks rows and skips locked ones, so that two workers with the same ids never wait for each other.
# MATERIALIZED keeps its LIMIT true: a plain subquery may be planned inside a loop and evaluated again for every row.
# `ANY(ARRAY[…])` lets the chosen rows be looked up by their ids only. With a plain `=`, and statistics of a moment at
# which the table was empty, PostgreSQL would read all rows in the order of their ids, the dead ones as well.
TAKE = f"""
WITH ready AS MATERIALIZED (
    SELECT id, ready_at AS since FROM queues_job_live WHERE {{which}} ORDER BY {{order}} LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE queues_job_live AS job
   SET status = 'processing', worker_id = %s, claim_no = job.claim_no + 1
  FROM ready
 WHERE job.id = ANY(ARRAY[ready.id])
RETURNING {COLUMNS}
"""
# None of these depends on the row: each is evaluated once per statement.
QUEUE_RUNS = """NOT EXISTS (SELECT 1 FROM queues_pause
 WHERE kind = 'queue' AND name = %s AND (until IS NULL OR until > clock_timestamp()))"""
ACTOR_RUNS = """actor_name <> ALL(ARRAY(SELECT name FROM queues_pause
 WHERE kind = 'actor' AND (until IS NULL OR until > clock_timestamp())))"""
# A worker marked dead may not claim until its supervisor beats again: its jobs would only be taken away a second time.
LIVES = "NOT EXISTS (SELECT 1 FROM queues_worker WHERE id = %s AND status = 'dead')"
READY = (
    f"{{status}} = 'queued' AND queue_name = %s AND actor_name = ANY(%s) AND {QUEUE_RUNS} AND {ACTOR_RUNS} AND {LIVES}"
)
# `status || ''` keeps PostgreSQL from using an index on the status: with statistics from a quiet hour it would read the
# whole backlog of a burst for every claim, instead of looking up the ids.
BY_IDS = Prepared(TAKE.format(which=READY.format(status="status || ''") + " AND id = ANY(%s::uuid[])", order="id"))
OLDEST = f"least((SELECT min(since) FROM ready), {YOUNG})"
BY_AGE = Prepared(
    f"{TAKE.format(which=READY.format(status='status') + ' AND ready_at >= %s', order='ready_at, id')}, {OLDEST}"
)
HELD = f"SELECT {COLUMNS} FROM queues_job_live AS job WHERE worker_id = %s AND status = 'processing'"


@dataclass(slots=True)
class Claim:
    """A job that this process holds. Only the holder of its (worker, claim_no) may change the row."""

    id: str
    actor_name: str
    queue_name: str
    args: list[Any]
    kwargs: dict[str, Any]
    options: dict[str, Any]
    claim_no: int
    tries_spent: int
    extra_tries: int
    losses: int
    overdue: bool
    created_ms: int
    # What the engine has to check before and after the run: keys, limits, chain, batch. None for most jobs.
    features: dict[str, Any] | None
    # When it was certainly ours, by the clock of `Workload`.
    sure_at: float = field(default=0.0, compare=False)
    # Monotonic seconds; None until a thread has started it.
    started: float | None = field(default=None, compare=False)
    slot: int | None = field(default=None, compare=False)
    settled: bool = field(default=False, compare=False)
    # Monotonic seconds before which its rate limit does not let it start.
    not_before: float = field(default=0.0, compare=False)
    # The gates that this run has passed.
    passed: tuple[str, ...] = field(default=(), compare=False)
    thread_id: int = field(default=0, compare=False)
    # What the run takes its time for (`insight.record`), where that is noted.
    record: Any = field(default=None, compare=False)
    # A thread skipped it instead of starting it.
    skipped: bool = field(default=False, compare=False)
    # Its run was interrupted since somebody cancelled it.
    interrupted: bool = field(default=False, compare=False)
    log: list[str] = field(default_factory=list, compare=False)
    # Monotonic seconds at which its progress was last written, 0 for never; the attempt keeps the progress.
    progress_at: float = field(default=0.0, compare=False)
    result: Any = field(default=None, compare=False)

    def feature(self, name: str) -> Any:
        """A key, limit or deadline of the job; None where it has none."""
        return self.features.get(name) if self.features else None


# Who claims: connection, worker, queue, and the actors that this process knows.
Who = tuple[Connection, int, str, Collection[str]]


def by_ids(who: Who, ids: Collection[str]) -> list[Claim]:
    """Claim those of `ids` that are still queued and known here; the others are done, cancelled or taken."""
    database, worker_id, queue_name, actors = who
    literal = "{" + ",".join(ids) + "}"
    ready = queue_name, list(actors), queue_name, worker_id
    return claims_of(database.rows(BY_IDS, (*ready, literal, len(ids), worker_id)))


def by_age(who: Who, limit: int, floor: Floor | None = None) -> list[Claim]:
    """Claim the oldest queued jobs of a queue, known to Redis or not. The queue's `floor` says where to begin."""
    floor = floor or Floor()
    claimed, oldest = ready_since(who, limit, floor.since())
    floor.found(who[0], oldest)
    return claimed


def ready_since(who: Who, limit: int, since: datetime) -> tuple[list[Claim], datetime | None]:
    """Claim the oldest queued jobs that are ready since then; also returns where the next look may begin."""
    database, worker_id, queue_name, actors = who
    ready = queue_name, list(actors), queue_name, worker_id
    rows = database.rows(BY_AGE, (*ready, since, limit, worker_id))
    return claims_of([row[:-1] for row in rows]), rows[0][-1] if rows else None


def take_where(
    database: Connection, worker_id: int, condition: str, params: Sequence[Any], limit: int, order: str = "id"
) -> list[Claim]:
    """Claim jobs that meet an SQL condition, in any state, to end them from outside.

    `order` should be the order of the index that finds them: by id, PostgreSQL may read the whole ledger to find the
    first one.
    """
    return claims_of(database.rows(TAKE.format(which=condition, order=order), (*params, limit, worker_id)))


def held_by(database: Connection, worker_id: int) -> list[Claim]:
    """The claims that a worker holds, according to the rows."""
    return claims_of(database.rows(HELD, (worker_id,)))


def claims_of(rows: list[tuple[Any, ...]]) -> list[Claim]:
    """Rows of `COLUMNS` as claims, the oldest jobs first."""
    return [_claim(row) for row in sorted(rows, key=itemgetter(0))]


def _claim(row: tuple[Any, ...]) -> Claim:
    job_id, actor_name, queue_name, args, kwargs, options, *counts, overdue, created_ms, features = row
    claim_no, tries_spent, extra_tries, losses = counts
    return Claim(
        job_id,
        actor_name,
        queue_name,
        _loads(args),
        _loads(kwargs),
        _loads(options),
        claim_no,
        tries_spent,
        extra_tries,
        losses,
        overdue,
        created_ms,
        None if features is None else json.loads(features),
    )


def _loads(text: str) -> Any:
    if text == "{}":
        return {}
    if text == "[]":
        return []
    return json.loads(text)
