"""The answering part of a request for stacks: the supervisor of the job's worker takes the row, and writes into it."""

import json
from dataclasses import dataclass
from typing import Any

from askpro.queues.insight.frames import threads_of
from askpro.queues.ledger.database import Connection

# A request that nobody has waited for as long as this is not worth a signal any more.
STALE_AFTER = 30.0
TAKE = """
UPDATE queues_stackrequest SET status = 'taken'
 WHERE supervisor_id = %s AND status = 'asked'
RETURNING id, worker_id, job_id::text, claim_no, at < clock_timestamp() - %s * interval '1 second'
"""
ANSWER = """
UPDATE queues_stackrequest SET status = 'answered', answered_at = clock_timestamp(), threads = %s::jsonb
 WHERE id = %s AND status = 'taken'
"""
# A job that its worker has not started, and that is not its any more, has ended in between.
REFUSE = """
UPDATE queues_stackrequest AS request SET status = 'refused', answered_at = clock_timestamp(),
       refusal = CASE WHEN %s <> 'not_started' OR EXISTS (
           SELECT 1 FROM queues_job_live AS job
            WHERE job.id = request.job_id AND job.claim_no = request.claim_no AND job.status || '' = 'processing'
       ) THEN %s ELSE 'over' END
 WHERE id = %s AND status = 'taken'
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as its supervisor takes it."""

    number: int
    worker_id: int
    job_id: str
    claim_no: int


def take(database: Connection, supervisor_id: int) -> list[Asked]:
    """The requests that this supervisor has not taken yet; each is returned once, and old ones are not."""
    rows = database.rows(TAKE, (supervisor_id, STALE_AFTER))
    return [Asked(*row) for *row, is_stale in rows if not is_stale]


def answer(database: Connection, number: int, text: str, thread: int) -> None:
    """Write what faulthandler wrote, as frames. Raises one of `CONNECTION_ERRORS`."""
    threads: list[dict[str, Any]] = [each.as_json() for each in threads_of(text, thread)]
    database.rows(ANSWER, (json.dumps(threads), number))


def refuse(database: Connection, number: int, refusal: str) -> None:
    """Write why there is no answer. Raises one of `CONNECTION_ERRORS`."""
    database.rows(REFUSE, (refusal, refusal, number))
