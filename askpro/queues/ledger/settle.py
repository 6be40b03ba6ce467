"""Settling: one statement writes how many jobs ended, with all the consequences."""

import json
import logging
import os
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg2
from django.db import DataError
from psycopg2.errors import CheckViolation, DivisionByZero, LockNotAvailable

from askpro.queues.ledger import hints, history
from askpro.queues.ledger.callbacks import Callback, callbacks
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import CONNECTION_ERRORS, Connection, EngineConnection, LastStatements
from askpro.queues.ledger.outcome import COMPLETED, Outcome
from askpro.queues.ledger.settle_sql import ALONE, PLAIN, statement

log = logging.getLogger(__name__)

MOST_AT_ONCE = 500
RECONNECT_PAUSE = 0.5
# Seconds between two tries to settle jobs whose rows another, long transaction has locked.
LATER_EVERY = 1.0
# A statement's own failure, psycopg2's objections to a value included.
STATEMENT_ERRORS = (psycopg2.Error, ValueError)
UNWRITABLE = "The error's text could not be stored."


@dataclass(frozen=True, slots=True)
class Item:
    """A finished run: the claim, what becomes of it, and when (monotonic seconds) it ended."""

    claim: Claim
    outcome: Outcome
    ended: float

    @property
    def is_plain(self) -> bool:
        """It completed, no other row depends on it, and it wrote neither log nor progress."""
        claim = self.claim
        return self.outcome is COMPLETED and claim.features is None and not (claim.log or claim.progress_at)


@dataclass(frozen=True, slots=True)
class Settled:
    """Ids of the jobs that were still ours, and (id, queue) of those that became ready."""

    ids: set[str]
    ready: list[tuple[str, str]]


def settle(connection: Connection, worker_id: int, code_version: str, items: Sequence[Item]) -> Settled:
    """Write `items`. A job that the answer does not name was lost to another worker before: its result is dropped."""
    now = time.monotonic()
    plain = [item for item in items if item.is_plain]
    others = [item for item in items if not item.is_plain]
    settled = Settled(set(), [])
    if plain:
        rows = connection.rows(PLAIN, (*_plain_columns(plain, now), worker_id))
        settled.ids.update(row[0] for row in rows)
    if others:
        calls = [callback for item in others for callback in callbacks(item.claim, item.outcome)]
        params = [*_columns(others, now), worker_id, worker_id, code_version, *_callback_columns(calls)]
        if batch_ids := {item.claim.feature("batch") for item in others} - {None}:
            params.insert(0, sorted(batch_ids))
        for job_id, queue_name, is_next in connection.rows(_statement(others, calls), params):
            if is_next:
                settled.ready.append((job_id, queue_name))
            else:
                settled.ids.add(job_id)
    return settled


def settle_and_commit(connection: LastStatements, worker_id: int, item: Item) -> bool:
    """Write a plain item, and commit the app's transaction with it, in one message. False when the job was lost to
    another worker before: then nothing is committed."""
    claim, now = item.claim, time.monotonic()
    try:
        connection.commit_with(ALONE, (claim.id, claim.claim_no, worker_id, now - (claim.started or now)))
    except DataError as error:
        if isinstance(error.__cause__, DivisionByZero):
            return False
        raise
    return True


class Settler:
    """The thread that settles for its process. It never loses an item: when it cannot continue, it ends the process."""

    def __init__(self, database: EngineConnection, worker_id: int, code_version: str, done: Any) -> None:
        self._database = database
        self._worker_id = worker_id
        self._code_version = code_version
        self._done = done
        self._items: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        # Groups of items whose rows another transaction had locked, and when to try them again.
        self._later: list[list[Item]] = []
        self._later_at = 0.0
        self._is_stopping = False
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
            while not self._is_stopping or self._later:
                if items := self._gather():
                    self._write(items)
                self._settle_later()
        except BaseException:
            log.critical("The settle thread died; its process ends, and others take over its jobs", exc_info=True)
            os._exit(70)

    def _gather(self) -> list[Item]:
        items: list[Item] = []
        try:
            item = self._items.get(timeout=LATER_EVERY if self._later else None)
            while item is not None:
                items.append(item)
                if len(items) >= MOST_AT_ONCE:
                    return items
                item = self._items.get_nowait()
            self._is_stopping = True
        except queue.Empty:
            pass
        return items

    def _settle_later(self) -> None:
        if self._later and time.monotonic() >= self._later_at:
            groups, self._later = self._later, []
            for group in groups:
                self._write(group)

    def _write(self, items: list[Item]) -> None:
        pause = 0.0
        while True:
            try:
                settled = settle(self._database, self._worker_id, self._code_version, items)
            except LockNotAvailable:
                return self._write_around(items)
            except CONNECTION_ERRORS as error:
                # PostgreSQL is away, our session was ended, or a deadlock chose this batch: keep it and write it again.
                log.warning("Cannot settle %d jobs now: %s", len(items), type(error).__name__, extra={"cause": error})
                time.sleep(pause)
                pause = RECONNECT_PAUSE
            except CheckViolation:
                # There is no table for today yet. Any other objection of PostgreSQL's comes from one of the values.
                if not history.prepare_days(self._database):
                    return self._write_apart(items)
            except STATEMENT_ERRORS:
                return self._write_apart(items)
            else:
                hints.announce(settled.ready)
                return self._done(items, settled.ids)

    def _write_around(self, items: list[Item]) -> None:
        """Another transaction has locked a row or a batch of these: the other finished jobs must not wait for it."""
        by_batch: dict[str | None, list[Item]] = {}
        for item in items:
            by_batch.setdefault(item.claim.feature("batch"), []).append(item)
        groups = list(by_batch.values())
        if len(groups) == 1 and None in by_batch and len(items) > 1:
            groups = [items[: len(items) // 2], items[len(items) // 2 :]]
        if len(groups) > 1:
            for group in groups:
                self._write(group)
        else:
            self._later.append(items)
            self._later_at = time.monotonic() + LATER_EVERY

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


def _statement(items: Sequence[Item], calls: Sequence[Callback]) -> str:
    features: set[str] = set()
    for item in items:
        features.update(item.claim.features or ())
    return statement(
        locks=not features.isdisjoint({"lock", "share"}),
        chains="chain" in features,
        batches="batch" in features,
        callbacks=bool(calls),
    )


def _plain_columns(items: Sequence[Item], now: float) -> tuple[str, str, str]:
    # Joining the array literals here costs a tenth of letting the driver adapt every element.
    return (
        "{" + ",".join([item.claim.id for item in items]) + "}",
        "{" + ",".join([str(item.claim.claim_no) for item in items]) + "}",
        "{" + ",".join([f"{now - (item.claim.started or now):.6f}" for item in items]) + "}",
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
            "".join(item.claim.log),
            item.outcome.slot_in,
            item.outcome.is_loss,
            item.outcome.parking and item.outcome.parking.gate,
            item.outcome.parking and int(item.outcome.parking.urgency),
        )
        for item in items
    ]
    return tuple(list(column) for column in zip(*rows, strict=True))


def _callback_columns(calls: Sequence[Callback]) -> list[list[Any]]:
    if not calls:
        return []
    rows = [
        (
            call.parent_id,
            str(call.job.id),
            call.job.actor_name,
            call.job.queue_name,
            call.job.args,
            call.job.options,
            json.dumps(call.job.tags),
            call.job.deadline,
            call.job.lock_key,
            call.job.in_order,
            call.job.share_key,
            call.job.share_limit,
            call.job.fair_key,
            call.job.rate_limit,
            call.job.expires_at,
            call.job.silenced,
        )
        for call in calls
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _without_texts(outcome: Outcome) -> Outcome:
    return replace(outcome, reason="", error_class="Unwritable", error_message=UNWRITABLE, trace="", fingerprint="")
