"""Writes a row and the job that works on it in one statement: one round trip, no transaction to open and close."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from askpro.queues.jobs.actor import LedgerActor
from askpro.queues.ledger import enqueue

# Stands for the row's id while the job is put together; no sequence will ever reach it.
ID = 7_777_777_777_777_777_777
# The columns that may hold an argument, and their types.
HOLDERS = {
    "args": "jsonb",
    "kwargs": "jsonb",
    "tags": "varchar[]",
    "lock_key": "varchar",
    "share_key": "varchar",
    "fair_key": "varchar",
    "rate_limit": "varchar",
}


def insert_with_job(
    insert: str, params: Sequence[Any], actor: LedgerActor[Any, Any], argument: str, **others: Any
) -> int | None:
    """Run `insert`, an INSERT of one row RETURNING id, and send the actor's job with that id as its `argument`, beside
    `others`.

    Returns the id; None, and no job is sent, when the row was not inserted, as after ON CONFLICT DO NOTHING. Both are
    written or neither, in the caller's transaction or in the statement's own.
    """
    job = actor.new_job(actor.message(**{argument: ID}, **others))
    if job.unique_key is not None:
        raise ValueError(f"{actor.actor_name}: a job with unique_by must be sent on its own.")
    columns, values = enqueue.columns_of([job])
    statement = (
        f"WITH written AS ({insert}), sent AS (INSERT INTO queues_job_live ({', '.join(columns)})"
        f" SELECT {', '.join(_filled(*column) for column in columns.items())} FROM written) SELECT id FROM written"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, *values])
        written = cursor.fetchone()
    if written is None:
        return None
    enqueue.announce([(str(job.id), job.queue_name)])
    return int(written[0])


def _filled(column: str, placeholder: str) -> str:
    """The placeholder with the stand-in replaced by the row's id, where a column may hold it."""
    kind = HOLDERS.get(column)
    return f"replace({placeholder}::text, '{ID}', written.id::text)::{kind}" if kind else placeholder
