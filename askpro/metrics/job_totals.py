"""What jobs did since the beginning, in sums that never fall, over restarts, hosts and the days that figures are kept.

The engine folds runs into minutes one fold at a time, so minutes get their ids in the order of their commits: none with
a smaller id appears later. A statement therefore adds up all after the last one, and notes the new last one with it.
"""

from typing import Any, Final

from django.db import connection, transaction

from askpro.queues.ledger.database import Connection

AT_ONCE: Final = 20_000
MOST: Final = 10
SERIES: Final = "what, queue_name, actor_name, {company}, about, bucket"
THEIRS, OURS = SERIES.format(company="company_id"), SERIES.format(company="company")
BEGIN: Final = "INSERT INTO metrics_addedup (id, minute) VALUES (1, 0) ON CONFLICT DO NOTHING"
ADD: Final = f"""
WITH place AS MATERIALIZED (
    SELECT minute FROM metrics_addedup FOR UPDATE SKIP LOCKED
), fresh AS MATERIALIZED (
    SELECT id, {THEIRS}, count, total FROM queues_metricminute
     WHERE id > (SELECT minute FROM place) ORDER BY id LIMIT %s
), added AS (
    INSERT INTO metrics_jobtotal AS old ({OURS}, count, total)
    SELECT {THEIRS}, sum(count), sum(total) FROM fresh GROUP BY {THEIRS}
        ON CONFLICT ON CONSTRAINT metrics_jobtotal_once
        DO UPDATE SET count = old.count + excluded.count, total = old.total + excluded.total
), noted AS (
    UPDATE metrics_addedup SET minute = last FROM (SELECT max(id) AS last FROM fresh) AS those WHERE last IS NOT NULL
)
SELECT count(*) FROM fresh
"""
# With what is not added up yet, seen by one statement: no scrape counts a run twice, or misses one that it had seen.
READ: Final = f"""
SELECT what, queue_name, actor_name, company, about, bucket, sum(count)::bigint, sum(total)::float8 FROM (
    SELECT {OURS}, count, total FROM metrics_jobtotal WHERE (company = 0 OR company = ANY(%(companies)s::bigint[]))
    UNION ALL
    SELECT {THEIRS}, count, total FROM queues_metricminute
     WHERE id > (SELECT coalesce(max(minute), 0) FROM metrics_addedup)
       AND (company_id = 0 OR company_id = ANY(%(companies)s::bigint[]))) AS together
 GROUP BY 1, 2, 3, 4, 5, 6
"""


def add_up() -> int:
    """Add up the engine's new minutes; returns how many rows. 0 also while another process does it."""
    added = 0
    for _ in range(MOST):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(BEGIN)
            cursor.execute(ADD, [AT_ONCE])
            count = int(cursor.fetchone()[0])
        added += count
        if count < AT_ONCE:
            break
    return added


def read(database: Connection, companies: list[int]) -> list[tuple[Any, ...]]:
    """(what, queue, actor, company, error's class, bucket, count, total) of all jobs, and of these companies."""
    return database.rows(READ, {"companies": companies})
