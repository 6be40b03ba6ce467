"""Runs statements and returns what they find."""

from typing import Any

from django.db import connection

# The loss of the run that had an effect, if it was lost.
LOST = (
    "queues_attempt_told AS lost"
    " ON lost.outcome = 'lost' AND lost.job_id = effect.job_id AND lost.claim_no = effect.claim_no"
)
# A run that was inside its function when its host froze continues when the host wakes up; that cannot be prevented.
# Only in our own database are its sessions ended, unless it had not opened one yet.
UNPREVENTABLE = "began < lost.finished_at AND at > lost.finished_at"
RUNS = f"""
SELECT part FROM effect LEFT JOIN {LOST}
 WHERE kind = %s AND number = %s AND ({UNPREVENTABLE}) IS NOT TRUE ORDER BY effect.id
"""


def rows(statement: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()
