"""A row and the job that works on it, in one statement: one round trip, and no transaction to open and close."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from askpro.queues import jobs
from askpro.queues.actor import LedgerActor

# Stands for the row's id while the job is put together; no sequence ever comes here.
ID = 7_777_777_777_777_777_777


def insert_with_job(insert: str, params: Sequence[Any], actor: LedgerActor[Any, Any], argument: str) -> int | None:
    """Run `insert`, an INSERT of one row RETURNING id, and send the actor's job with that id as its `argument`.

    None, and no job, when the row was not inserted, as after ON CONFLICT DO NOTHING. Both are written or neither, in
    the caller's transaction or in one of the statement's own.
    """
    job = actor.new_job(actor.message(**{argument: ID}))
    columns, values = jobs.columns_of([job])
    statement = (
        f"WITH written AS ({insert}), sent AS (INSERT INTO queues_job ({', '.join(columns)})"
        f" SELECT {', '.join(map(_filled, columns.values()))} FROM written) SELECT id FROM written"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, *values])
        written = cursor.fetchone()
    if written is None:
        return None
    jobs.announce([(str(job.id), job.queue_name)])
    return int(written[0])


def _filled(placeholder: str) -> str:
    """The placeholder with the stand-in replaced by the row's id, where a column may hold it."""
    value, cast, kind = placeholder.partition("::")
    if not cast:
        return placeholder
    return f"replace({value}::{'text' if kind == 'jsonb' else 'varchar[]::text'}, '{ID}', written.id::text)::{kind}"
