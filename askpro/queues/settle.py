"""Settling: what has finished is written in one statement for many jobs, with all its consequences."""

import logging
import os
import queue
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import psycopg2

from askpro.queues import hints
from askpro.queues.claim import Claim
from askpro.queues.database import CONNECTION_ERRORS, EngineConnection
from askpro.queues.outcome import COMPLETED, Outcome

log = logging.getLogger(__name__)

# One clock reading for the whole statement: a job never ends before its attempt.
# Rows are locked in the order of their ids, so that two batches never wait for each other in a circle.
STATEMENT = """
WITH item AS (
    SELECT * FROM unnest(
        %s::uuid[], %s::int[], %s::varchar[], %s::varchar[], %s::float8[], %s::float8[], %s::bool[], %s::float8[],
        %s::varchar[], %s::bool[], %s::varchar[], %s::varchar[], %s::text[], %s::varchar[]
    ) AS item (id, claim_no, status, attempt, started_ago, ended_ago, spends_try, run_in,
               reason, expected, error_class, error_message, trace, fingerprint)
), held AS (
    SELECT job.id FROM queues_job AS job JOIN item ON item.id = job.id
     WHERE job.status = 'processing' AND job.worker_id = %s AND job.claim_no = item.claim_no
     ORDER BY job.id FOR UPDATE OF job
), settled AS (
    UPDATE queues_job AS job
       SET status = item.status,
           worker_id = NULL,
           tries_spent = job.tries_spent + item.spends_try::int,
           releases = job.releases + (item.status = 'released')::int,
           release_reason = CASE WHEN item.status = 'released' THEN item.reason ELSE job.release_reason END,
           run_at = statement_timestamp() + item.run_in * interval '1 second',
           ready_at = CASE WHEN item.status = 'queued' THEN coalesce(job.ready_at, statement_timestamp())
                           ELSE job.ready_at END,
           finished_at = CASE WHEN item.status IN ('completed', 'dead', 'cancelled') THEN statement_timestamp() END,
           error_class = CASE WHEN item.error_class = '' THEN job.error_class ELSE item.error_class END,
           error_message = CASE WHEN item.error_class = '' THEN job.error_message ELSE item.error_message END
      FROM item
     WHERE job.id = item.id AND job.id IN (SELECT id FROM held)
 RETURNING job.id, job.claim_no, job.chain_id, job.chain_step, job.lock_key, job.status, job.queue_name
), attempted AS (
    INSERT INTO queues_attempt (job_id, claim_no, outcome, started_at, finished_at, worker_id, code_version,
                                expected, error_class, error_message, trace, fingerprint)
    SELECT item.id, item.claim_no, item.attempt, statement_timestamp() - item.started_ago * interval '1 second',
           statement_timestamp() - item.ended_ago * interval '1 second', %s, %s,
           item.expected, item.error_class, item.error_message, item.trace, item.fingerprint
      FROM item JOIN settled ON settled.id = item.id
     WHERE item.attempt IS NOT NULL
), unlocked AS (
    DELETE FROM queues_lock AS lock USING settled
     WHERE settled.lock_key IS NOT NULL AND lock.key = settled.lock_key AND lock.job_id = settled.id
 RETURNING lock.key
), halted AS (
    UPDATE queues_job AS job SET status = 'cancelled', finished_at = statement_timestamp()
      FROM settled
     WHERE settled.status = 'cancelled' AND job.chain_id = settled.chain_id AND job.status = 'waiting'
), next AS (
    UPDATE queues_job AS job SET status = 'queued', ready_at = statement_timestamp(), run_at = NULL,
           deadline_at = CASE WHEN job.status = 'waiting'
                              THEN statement_timestamp() + (job.deadline_at - job.created_at)
                              ELSE job.deadline_at END
      FROM (SELECT DISTINCT ON (waiter.id) waiter.id FROM settled JOIN queues_job AS waiter
                ON (waiter.chain_id = settled.chain_id AND settled.status = 'completed'
                    AND waiter.chain_step = settled.chain_step + 1 AND waiter.status = 'waiting')
            UNION
            SELECT waiter.id FROM unlocked,
                LATERAL (SELECT id FROM queues_job WHERE lock_key = unlocked.key AND status = 'released'
                            AND run_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) AS waiter) AS ready
     WHERE job.id = ready.id AND job.status IN ('waiting', 'released')
 RETURNING job.id, job.queue_name
)
SELECT id::text, queue_name, true FROM next
UNION ALL SELECT id::text, queue_name, false FROM settled
"""
# The plain case, with the same effect: everything in the batch completed, and nothing waits for any of it.
PLAIN = """
WITH item AS (
    SELECT * FROM unnest(%s::uuid[], %s::int[], %s::float8[], %s::float8[])
        AS item (id, claim_no, started_ago, ended_ago)
), settled AS (
    UPDATE queues_job AS job
       SET status = 'completed', worker_id = NULL, run_at = NULL,
           finished_at = statement_timestamp()
      FROM item
     WHERE job.id = item.id AND job.status = 'processing' AND job.worker_id = %s AND job.claim_no = item.claim_no
 RETURNING job.id, job.claim_no
)
INSERT INTO queues_attempt (job_id, claim_no, outcome, started_at, finished_at, worker_id, code_version)
SELECT item.id, item.claim_no, 'completed', statement_timestamp() - item.started_ago * interval '1 second',
       statement_timestamp() - item.ended_ago * interval '1 second', %s, %s
  FROM item JOIN settled ON settled.id = item.id
RETURNING job_id::text
"""
MOST_AT_ONCE = 500
RECONNECT_PAUSE = 0.5
# A statement's own failure, psycopg2's objections to a value included.
STATEMENT_ERRORS = (psycopg2.Error, ValueError)
UNWRITABLE = "The error's text could not be stored."


class Connection(Protocol):
    def rows(self, statement: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True, slots=True)
class Item:
    """A finished run: the claim, what becomes of it, and when (monotonic seconds) it ended."""

    claim: Claim
    outcome: Outcome
    ended: float


@dataclass(frozen=True, slots=True)
class Settled:
    """Ids of the jobs that were still ours, and (id, queue) of those that became ready."""

    ids: set[str]
    ready: list[tuple[str, str]]


def settle(connection: Connection, worker_id: int, code_version: str, items: Sequence[Item]) -> Settled:
    """Write `items`. What is missing in the answer was lost to somebody else before: its result is dropped."""
    now = time.monotonic()
    plain = [item for item in items if item.outcome is COMPLETED and item.claim.stands_alone]
    others = [item for item in items if not (item.outcome is COMPLETED and item.claim.stands_alone)]
    ids: set[str] = set()
    ready: list[tuple[str, str]] = []
    if plain:
        rows = connection.rows(PLAIN, (*_plain_columns(plain, now), worker_id, worker_id, code_version))
        ids.update(row[0] for row in rows)
    if others:
        rows = connection.rows(STATEMENT, (*_columns(others, now), worker_id, worker_id, code_version))
        ids.update(job_id for job_id, _, is_next in rows if not is_next)
        ready = [(job_id, queue_name) for job_id, queue_name, is_next in rows if is_next]
    return Settled(ids, ready)


class Settler:
    """The thread that settles for its process. It never loses an item: when it cannot go on, the process ends."""

    def __init__(self, database: EngineConnection, worker_id: int, code_version: str, done: Any) -> None:
        self._database = database
        self._worker_id = worker_id
        self._code_version = code_version
        self._done = done
        self._items: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="settler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, item: Item) -> None:
        self._items.put(item)

    def stop(self) -> None:
        """Settle what is left, then end the thread."""
        self._items.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._settle_some():
                pass
        except BaseException:
            log.critical("The settle thread ended; so does its process, whose jobs others take over", exc_info=True)
            os._exit(70)

    def _settle_some(self) -> bool:
        items, last = self._gather()
        if items:
            self._write(items)
        return not last

    def _gather(self) -> tuple[list[Item], bool]:
        item = self._items.get()
        items: list[Item] = []
        while item is not None:
            items.append(item)
            if len(items) >= MOST_AT_ONCE:
                return items, False
            try:
                item = self._items.get_nowait()
            except queue.Empty:
                return items, False
        return items, True

    def _write(self, items: list[Item]) -> None:
        while True:
            try:
                settled = settle(self._database, self._worker_id, self._code_version, items)
            except CONNECTION_ERRORS as error:
                # PostgreSQL is away, or a deadlock chose this batch: keep it and write it again.
                log.warning("Cannot settle %d jobs now: %s", len(items), type(error).__name__)
                time.sleep(RECONNECT_PAUSE)
            except STATEMENT_ERRORS:
                return self._write_apart(items)
            else:
                self._announce(settled.ready)
                return self._done(items, settled.ids)

    def _write_apart(self, items: list[Item]) -> None:
        """One bad row must not stop the others: halve until it stands alone, then write it without its texts."""
        if len(items) > 1:
            middle = len(items) // 2
            self._write(items[:middle])
            self._write(items[middle:])
        elif items[0].outcome.error_message != UNWRITABLE:
            self._write([replace(items[0], outcome=_without_texts(items[0].outcome))])
        else:
            raise RuntimeError(f"Job {items[0].claim.id} cannot be settled at all.")

    @staticmethod
    def _announce(ready: Iterable[tuple[str, str]]) -> None:
        by_queue: dict[str, list[str]] = {}
        for job_id, queue_name in ready:
            by_queue.setdefault(queue_name, []).append(job_id)
        if by_queue:
            hints.pusher().push(by_queue)


def _plain_columns(items: Sequence[Item], now: float) -> tuple[str, str, str, str]:
    # Array literals joined here cost a tenth of what the driver's adaptation of every element does.
    return (
        "{" + ",".join([item.claim.id for item in items]) + "}",
        "{" + ",".join([str(item.claim.claim_no) for item in items]) + "}",
        "{" + ",".join([f"{now - (item.claim.started or now):.6f}" for item in items]) + "}",
        "{" + ",".join([f"{now - item.ended:.6f}" for item in items]) + "}",
    )


def _columns(items: Sequence[Item], now: float) -> tuple[list[Any], ...]:
    rows = [
        (
            item.claim.id,
            item.claim.claim_no,
            item.outcome.status,
            item.outcome.attempt,
            now - (item.claim.started or now),
            now - item.ended,
            item.outcome.spends_try,
            item.outcome.run_in,
            item.outcome.reason,
            item.outcome.expected,
            item.outcome.error_class,
            item.outcome.error_message,
            item.outcome.trace,
            item.outcome.fingerprint,
        )
        for item in items
    ]
    return tuple(list(column) for column in zip(*rows, strict=True))


def _without_texts(outcome: Outcome) -> Outcome:
    return replace(outcome, reason="", error_class="Unwritable", error_message=UNWRITABLE, trace="", fingerprint="")
