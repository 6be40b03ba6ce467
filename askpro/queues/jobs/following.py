"""What would follow if a dead job were retried: asked of settle itself, in a transaction that is rolled back."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from askpro.queues.jobs import interventions
from askpro.queues.ledger.claim import take_where
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.ledger.outcome import COMPLETED, Outcome
from askpro.queues.ledger.settle import Item, settle
from askpro.queues.ledger.settle_sql import CATCH
from askpro.queues.models import Batch, Job

# What becomes of a job whose last run failed, as far as other jobs go by it.
FAILED: Final = Outcome("dead", "failed", spends_try=True)
CANCELLED: Final = Outcome("cancelled", "cancelled", spends_try=True)
OUTCOMES: Final = {each.status: each for each in (COMPLETED, FAILED, CANCELLED)}
# Jobs that are told one by one; of a batch's members it is told how many.
MOST: Final = 20
STATES: Final = """
SELECT id::text, actor_name, status, chain_id::text, chain_step, batch_id::text FROM queues_job_live
 WHERE chain_id = ANY(%(chains)s::uuid[]) OR id = ANY(%(ids)s::uuid[]) ORDER BY chain_step, id
"""
MEMBERS: Final = "SELECT count(*) FROM queues_job_live WHERE batch_id = %s AND id <> %s AND status = 'cancelled'"


@dataclass(frozen=True, slots=True)
class Following:
    """One thing that would follow. `what`: "step", "later" (a step that waits on), "catch", "on_success", "on_failure",
    "on_finish" or "callback", which become `state`; "batch", with `count` members left, or "members", `count` of which
    would be cancelled.
    """

    what: str
    name: str
    key: str
    state: str = ""
    count: int = 0


def following(job_id: UUID, outcome: Outcome) -> list[Following]:
    """What its retry would lead to if it ended so. Takes back what it writes; the caller's transaction stays open."""
    with transaction.atomic():
        try:
            return _settled(job_id, outcome)
        finally:
            transaction.set_rollback(True)


def _settled(job_id: UUID, outcome: Outcome) -> list[Following]:
    if not interventions.retry(job_id):
        return []
    job = Job.objects.only("chain_id", "chain_step", "batch_id").get(pk=job_id)
    batch = Batch.objects.filter(pk=job.batch_id).first() if job.batch_id else None
    with connection.cursor() as cursor:
        database = DjangoConnection(cursor)
        before, cancelled = _states(database, job, batch), _cancelled(database, job, batch)
        claims = take_where(database, interventions.NOBODY, "id = %s", [str(job_id)], 1)
        items = [Item(claim, outcome, time.monotonic()) for claim in claims]
        ready = settle(database, interventions.NOBODY, settings.CODE_VERSION, items).ready
        made = [job_id for job_id, _queue in ready if job_id not in before]
        after = _states(database, job, batch, made)
        swept = _cancelled(database, job, batch) - cancelled
    return [*_jobs(job, batch, before, after), *_batch(batch, swept)]


def _states(
    database: DjangoConnection, job: Job, batch: Batch | None, ids: Sequence[str] = ()
) -> dict[str, tuple[Any, ...]]:
    """The rows that could go by this job: of its chain, of its batch's callbacks and of the chain that waits for it."""
    chains = [str(each) for each in (job.chain_id, batch and batch.chain_id) if each]
    called = [str(each) for each in _callbacks(batch).values()]
    rows = database.rows(STATES, {"chains": chains, "ids": [*called, *ids]})
    return {row[0]: row for row in rows if row[0] != str(job.pk)}


def _callbacks(batch: Batch | None) -> dict[str, UUID]:
    names = ("on_success", "on_failure", "on_finish") if batch is not None else ()
    return {name: key for name in names if (key := getattr(batch, f"{name}_id"))}


def _cancelled(database: DjangoConnection, job: Job, batch: Batch | None) -> int:
    """How many other members are."""
    return int(database.rows(MEMBERS, [str(batch.pk), str(job.pk)])[0][0]) if batch is not None else 0


def _jobs(
    job: Job, batch: Batch | None, before: dict[str, tuple[Any, ...]], after: dict[str, tuple[Any, ...]]
) -> list[Following]:
    """Those whose state changes, and the steps of its chain that wait on because another comes first."""
    called = {str(key): name for name, key in _callbacks(batch).items()}
    found = []
    for key, (_key, name, state, chain_id, step, batch_id) in after.items():
        was = before[key][2] if key in before else ""
        what = called.get(key) or _role(step, key in before)
        if state != was and (batch is None or batch_id != str(batch.pk) or chain_id == str(job.chain_id)):
            found.append(Following(what, name, key, state))
        elif state == "waiting" and what == "step" and chain_id:
            found.append(Following("later", name, key, state))
    return found[:MOST]


def _role(step: int | None, was_there: bool) -> str:
    if not was_there:
        return "callback"
    return "catch" if step == CATCH else "step"


def _batch(batch: Batch | None, swept: int) -> list[Following]:
    if batch is None:
        return []
    batch.refresh_from_db()
    found = [Following("batch", batch.name, str(batch.pk), batch.status, batch.pending)]
    return [*found, Following("members", batch.name, str(batch.pk), "cancelled", swept)] if swept else found
