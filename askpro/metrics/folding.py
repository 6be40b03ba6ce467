"""Sums what processes have written: each row exactly once, into its minute, hour and day, and into the sum of all time.

A row is deleted in the statement that adds it, so neither a crash nor two hosts at once can lose it or count it twice.
The chores call `sweep`, which needs no worker: figures of vendors stay true while the queues stand still.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from askpro.metrics import job_totals
from askpro.metrics.models import Total

# Rows of one transaction, and transactions of one sweep.
AT_ONCE: Final = 2_000
MOST_BITES: Final = 25
# The time of the sums of all time.
EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtext('metrics_fold'))"
FOLD: Final = """
WITH taken AS (
    DELETE FROM metrics_delta WHERE id IN (SELECT id FROM metrics_delta ORDER BY id LIMIT %(most)s) RETURNING *
), parts AS (
    SELECT step, CASE step WHEN 'ever' THEN %(ever)s ELSE date_trunc(step, at, 'UTC') END AS at,
           kind, name, part, result, company, count, seconds, buckets
      FROM taken CROSS JOIN unnest(ARRAY['minute', 'hour', 'day', 'ever']) AS step
), lengths AS (
    SELECT step, at, kind, name, part, result, company, array_agg(number ORDER BY place) AS buckets
      FROM (SELECT step, at, kind, name, part, result, company, place, sum(number)::bigint AS number
              FROM parts, unnest(buckets) WITH ORDINALITY AS each (number, place)
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) AS places
     GROUP BY 1, 2, 3, 4, 5, 6, 7
), added AS (
    INSERT INTO metrics_total AS old (step, at, kind, name, part, result, company, count, seconds, buckets)
    SELECT step, at, kind, name, part, result, company, sums.count, sums.seconds, lengths.buckets
      FROM (SELECT step, at, kind, name, part, result, company, sum(count) AS count, sum(seconds) AS seconds
              FROM parts GROUP BY 1, 2, 3, 4, 5, 6, 7) AS sums
      JOIN lengths USING (step, at, kind, name, part, result, company)
        ON CONFLICT ON CONSTRAINT metrics_total_once DO UPDATE
       SET count = old.count + excluded.count, seconds = old.seconds + excluded.seconds,
           buckets = ARRAY(SELECT coalesce(was, 0) + coalesce(comes, 0)
                             FROM unnest(old.buckets, excluded.buckets) WITH ORDINALITY AS each (was, comes, place)
                            ORDER BY place)
)
SELECT count(*) FROM taken
"""
DROP: Final = """
DELETE FROM metrics_total WHERE id IN (SELECT id FROM metrics_total WHERE step = %s AND at < %s LIMIT %s)
"""


def sweep() -> None:
    """Sum up what was written, of jobs too, and delete sums that are no longer kept; called by every host's chores."""
    for _ in range(MOST_BITES):
        if fold() < AT_ONCE:
            break
    job_totals.add_up()
    drop(timezone.now())


def fold() -> int:
    """Sum up at most AT_ONCE rows; returns how many: 0 also when another process is just doing it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK)
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(FOLD, {"most": AT_ONCE, "ever": EVER})
        return int(cursor.fetchone()[0])


def drop(now: datetime) -> int:
    """Delete some of the sums that are no longer kept (METRICS_DAYS); returns how many. Those of all time stay."""
    return sum(_drop(step, now - timedelta(days=days)) for step, days in settings.METRICS_DAYS.items())


def _drop(step: str, before: datetime) -> int:
    if step not in (Total.Step.MINUTE, Total.Step.HOUR, Total.Step.DAY):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(DROP, [step, before, AT_ONCE])
        return cursor.rowcount
