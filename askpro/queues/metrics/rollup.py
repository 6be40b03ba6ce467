"""From minutes to hours and days: each minute's tally is added to both once, whenever it was written."""

from typing import Final

from django.db import connection, transaction

from askpro.queues.ledger.database import DjangoConnection

# Tallies of one statement, and statements of one look.
AT_ONCE: Final = 20_000
MOST: Final = 10
LOCK: Final = "SELECT rolled FROM queues_metricfold FOR UPDATE SKIP LOCKED"
SERIES: Final = "what, queue_name, actor_name, company_id, about, bucket"
ADD: Final = "count = kept.count + excluded.count, total = kept.total + excluded.total"
# The fold writes minutes under the same lock, so their numbers rise in the order of their commits: none is passed over.
ROLL: Final = f"""
WITH fresh AS MATERIALIZED (
    SELECT id, at, {SERIES}, count, total FROM queues_metricminute WHERE id > %(rolled)s ORDER BY id LIMIT %(most)s
), hour AS (
    INSERT INTO queues_metrichour AS kept (at, {SERIES}, count, total)
    SELECT date_trunc('hour', at, 'UTC') AS at, {SERIES}, sum(count), sum(total) FROM fresh
     GROUP BY 1, {SERIES} ORDER BY 1
        ON CONFLICT (at, {SERIES}) DO UPDATE SET {ADD}
), day AS (
    INSERT INTO queues_metricday AS kept (at, {SERIES}, count, total)
    SELECT date_trunc('day', at, 'UTC') AS at, {SERIES}, sum(count), sum(total) FROM fresh
     GROUP BY 1, {SERIES} ORDER BY 1
        ON CONFLICT (at, {SERIES}) DO UPDATE SET {ADD}
), noted AS (
    UPDATE queues_metricfold SET rolled = last FROM (SELECT max(id) AS last FROM fresh) AS those WHERE last IS NOT NULL
)
SELECT count(*) FROM fresh
"""


def look() -> int:
    """Roll up what is new; returns how many tallies of minutes. Does nothing while another process folds."""
    rolled = 0
    for _ in range(MOST):
        count = _roll()
        rolled += count
        if count < AT_ONCE:
            break
    return rolled


def _roll() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        database = DjangoConnection(cursor)
        state = database.rows(LOCK)
        return int(database.rows(ROLL, {"rolled": state[0][0], "most": AT_ONCE})[0][0]) if state else 0
