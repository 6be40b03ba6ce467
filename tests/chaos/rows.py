"""What a statement finds."""

from typing import Any

from django.db import connection

# A zombie runs what it had claimed before it was buried: once more, and when its key is somebody else's already.
RUNS = """
SELECT part FROM effect WHERE kind = %s AND number = %s AND NOT EXISTS (
       SELECT 1 FROM queues_attempt AS run WHERE outcome = 'lost'
   AND run.job_id = split_part(split_part(part, ' ', 2), ':', 1)::uuid
   AND run.claim_no = split_part(split_part(part, ' ', 2), ':', 2)::int)
"""


def rows(statement: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()
