"""What a person decides about single jobs beyond another run: none at all, a later one, or one with other arguments."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace as changed
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from dramatiq import get_broker

from askpro.queues.jobs import interventions
from askpro.queues.jobs.words import MESSAGE_WORDS
from askpro.queues.ledger import enqueue
from askpro.queues.ledger.correlation import correlated
from askpro.queues.ledger.outcome import cancelled, clean
from askpro.queues.states import FAILED_DAY, LATER, LIVE_DAY

# Among the options of a job: the one that it was written in place of, and the one in place of it.
REPLACES = "replaces"
REPLACED_BY = "replaced_by"
# Such rows are in two tables; PostgreSQL need not look into those of the days.
DEAD = f"id = %s AND status = 'dead' AND day IN ('{LIVE_DAY}', '{FAILED_DAY}')"
DISCARD = f"UPDATE queues_job SET status = 'cancelled', release_reason = %s WHERE {DEAD} RETURNING chain_id, chain_step"
# What waits at a gate comes in when there is room, not at a time. A job that is put off gets its deadline put off, too.
PUT_OFF = f"""
UPDATE queues_job_live
   SET deadline_at = deadline_at + greatest(%s::timestamptz - coalesce(run_at, ready_at), interval '0'),
       status = CASE status WHEN 'queued' THEN 'scheduled' ELSE status END, run_at = %s, ready_at = NULL
 WHERE id = %s AND gate IS NULL AND (status = 'queued' OR (status IN {LATER} AND run_at IS NOT NULL))
"""
STEP_ASIDE = """
UPDATE queues_job_live
   SET status = 'cancelled', release_reason = %s, chain_id = NULL, chain_step = NULL, batch_id = NULL,
       options = options || %s::jsonb
 WHERE id = %s
"""


class NoSuchActor(ValueError):
    """This release has no actor of that name: it cannot judge the arguments."""


def discard(job_id: uuid.UUID, reason: str) -> bool:
    """Give a dead job up: it is cancelled, and so are the steps behind it; its error and history stay.

    It had been counted as a failed member of its batch, and stays so. False when it is not dead.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(DISCARD, [clean(reason, 200), str(job_id)])
        row = cursor.fetchone()
        if row is None:
            return False
        chain_id, step = row
        if chain_id is not None:
            behind = "chain_id = %s AND chain_step > %s AND status = 'waiting'"
            interventions.end(behind, [str(chain_id), step], cancelled("A step before it was discarded."))
        return True


def run_later(job_id: uuid.UUID, at: datetime) -> bool:
    """Put a job off that waits for a worker or for a time; False when it does not, or waits at a vendor's gate."""
    with connection.cursor() as cursor:
        cursor.execute(PUT_OFF, [at, at, str(job_id)])
        return cursor.rowcount == 1


def replace(job_id: uuid.UUID, args: Sequence[Any], kwargs: Mapping[str, Any], reason: str) -> uuid.UUID | None:
    """Write a new job with other arguments in place of a dead one; returns its id, or None when it is not dead.

    The new one takes the other's place in its chain and batch, and runs at once. The dead one is cancelled and stays;
    each names the other among its options. Raises `ValueError` for arguments that do not fit the actor, and what
    `JOB_GUARD` raises for those that it refuses.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not interventions.take_up(job_id):
            return None
        job = interventions.rows_of("Job").get(pk=job_id)
        new = _in_place_of(job, args, kwargs)
        by = json.dumps({REPLACED_BY: str(new.id)})
        cursor.execute(STEP_ASIDE, [clean(reason, 200), by, str(job_id)])
        enqueue.insert([new])
        return new.id


def _in_place_of(job: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> enqueue.NewJob:
    actor: Any = get_broker().actors.get(job.actor_name)
    if actor is None:
        raise NoSuchActor(NoSuchActor.__doc__)
    actor.judge(args, kwargs)
    kept = {word: value for word, value in job.options.items() if word in MESSAGE_WORDS}
    message = actor.message_with_options(args=tuple(args), kwargs=dict(kwargs), **kept)
    with correlated(str(job.options.get("correlation") or job.pk)):
        row = actor.new_job(message)
    options = json.dumps({**json.loads(row.options), REPLACES: str(job.pk)})
    place = {"chain_id": job.chain_id, "chain_step": job.chain_step, "batch_id": job.batch_id}
    # Written even if a copy with its unique key waits: somebody has looked at this one.
    return changed(row, options=options, unique_key=None, **place)
