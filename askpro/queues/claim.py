"""Claiming: the one statement that decides who runs a job, by ids that Redis hinted at or by age."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from askpro.queues.database import EngineConnection

# The inner query locks and skips, so that two workers at the same ids never wait for each other.
STATEMENT = """
UPDATE queues_job AS job
   SET status = 'processing', worker_id = %s, claim_no = claim_no + 1
  FROM (SELECT id FROM queues_job
         WHERE status = 'queued' AND queue_name = %s AND {which} AND actor_name = ANY(%s)
         ORDER BY {order}
         LIMIT %s
           FOR UPDATE SKIP LOCKED) AS ready
 WHERE job.id = ready.id
RETURNING job.id::text, actor_name, args::text, kwargs::text, options::text, claim_no, tries_spent, extra_tries,
          lock_key, chain_id IS NULL AND lock_key IS NULL, coalesce(deadline_at < clock_timestamp(), false),
          (extract(epoch FROM created_at) * 1000)::bigint
"""
BY_IDS = STATEMENT.format(which="id = ANY(%s::uuid[])", order="id")
BY_AGE = STATEMENT.format(which="true", order="ready_at, id")


@dataclass(slots=True)
class Claim:
    """A job that this process holds. Only its (worker, claim_no) may change the row."""

    id: str
    actor_name: str
    queue_name: str
    args: list[Any]
    kwargs: dict[str, Any]
    options: dict[str, Any]
    claim_no: int
    tries_spent: int
    extra_tries: int
    lock_key: str | None
    # Nothing waits for it: no chain, no lock.
    stands_alone: bool
    overdue: bool
    created_ms: int
    # Monotonic seconds; None until a thread has started it.
    started: float | None = field(default=None, compare=False)
    slot: int | None = field(default=None, compare=False)
    settled: bool = field(default=False, compare=False)


def by_ids(
    database: EngineConnection, worker_id: int, queue_name: str, actors: Collection[str], ids: Collection[str]
) -> list[Claim]:
    """Those of `ids` that are still queued and known here; the rest is done, cancelled or taken: forget it."""
    literal = "{" + ",".join(ids) + "}"
    rows = database.rows(BY_IDS, (worker_id, queue_name, literal, list(actors), len(ids)))
    return [_claim(queue_name, row) for row in sorted(rows)]


def by_age(
    database: EngineConnection, worker_id: int, queue_name: str, actors: Collection[str], limit: int
) -> list[Claim]:
    """The oldest queued jobs of a queue, whatever Redis knows of them."""
    rows = database.rows(BY_AGE, (worker_id, queue_name, list(actors), limit))
    return [_claim(queue_name, row) for row in sorted(rows)]


def _claim(queue_name: str, row: tuple[Any, ...]) -> Claim:
    job_id, actor_name, args, kwargs, options, *rest = row
    return Claim(job_id, actor_name, queue_name, _loads(args), _loads(kwargs), _loads(options), *rest)


def _loads(text: str) -> Any:
    if text == "{}":
        return {}
    if text == "[]":
        return []
    return json.loads(text)
