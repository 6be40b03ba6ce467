"""Where the row of a job is: in the hot table while the job is unfinished, then in that of the failed or of a day.

All are partitions of `queues_job`, by their `day`, so whoever reads `queues_job` reads every job. The engine's
statements name the hot table, `queues_job_live`: PostgreSQL then plans for one small table, not for those of a month.

A day's table holds the jobs that completed on that day (UTC). Its rows never change; when none of them is kept any
more, it is dropped as a whole. `queues_job_failed` holds the dead and the cancelled, which a person may send again.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg2.errors import DuplicateTable, UniqueViolation

from askpro.queues.ledger.database import Connection
from askpro.queues.ledger.floors import ALWAYS, YOUNG, Floor
from askpro.queues.states import FAILED, FAILED_DAY, FINAL

# The table of each day is there so many days ahead: without today's nothing could be settled.
DAYS_AHEAD = 7
AT_ONCE = 1000
DAY_TABLE = "queues_job_"
# What stays of a finished job beside its `status`, `day`, `started_at` and `finished_at`. The gate and the slot of its
# last claim are forgotten.
COLUMNS = (
    "id",
    "actor_name",
    "queue_name",
    "args",
    "kwargs",
    "options",
    "tags",
    "created_at",
    "ready_at",
    "deadline_at",
    "claim_no",
    "worker_id",
    "tries_spent",
    "extra_tries",
    "losses",
    "releases",
    "release_reason",
    "expires_at",
    "lock_key",
    "in_order",
    "share_key",
    "share_limit",
    "fair_key",
    "unique_key",
    "rate_limit",
    "silenced",
    "batch_id",
    "chain_id",
    "chain_step",
    "error_class",
    "error_message",
    "alerted_at",
    "cancel_at",
    "progress_done",
    "progress_total",
)
KEPT = ", ".join(COLUMNS)
# The company that a job is about, by its argument, else by its tenant; 0 where neither tells.
TENANT = "coalesce('company:' || (kwargs ->> 'company_id'), fair_key)"
COMPANY_OF = (
    r"CASE WHEN length({tenant}) < 27 THEN coalesce(substring({tenant} FROM '^company:(\d+)$')::bigint, 0) ELSE 0 END"
)
COMPANY = COMPANY_OF.format(tenant=TENANT)
TODAY = "(statement_timestamp() AT TIME ZONE 'UTC')::date"
# These ended otherwise than by completing: they failed, were cancelled along with others, or were settled by a release
# that leaves them where they are.
OVER = f"""
SELECT id, status, finished_at FROM queues_job_live
 WHERE status IN {FINAL}{{since}} ORDER BY finished_at LIMIT {AT_ONCE}
"""
SINCE = " AND finished_at >= %s"
PUT_AWAY = f"""
WITH over AS MATERIALIZED ({OVER} FOR UPDATE SKIP LOCKED), gone AS (
    DELETE FROM queues_job_live AS job USING over WHERE job.id = ANY(ARRAY[over.id]) RETURNING job.*
)
INSERT INTO queues_job ({KEPT}, status, started_at, finished_at, day)
SELECT {KEPT}, status, started_at, finished_at, CASE WHEN status IN {FAILED} THEN '{FAILED_DAY}'
       ELSE (coalesce(finished_at, statement_timestamp()) AT TIME ZONE 'UTC')::date END
  FROM gone
RETURNING least((SELECT min(finished_at) FROM over), {YOUNG})
"""
DAYS_OF_OVER = f"""
SELECT DISTINCT (finished_at AT TIME ZONE 'UTC')::date FROM ({OVER}) AS over
 WHERE status = 'completed' AND finished_at IS NOT NULL
"""
BRING_BACK = f"""
WITH back AS (DELETE FROM queues_job_failed WHERE {{condition}} RETURNING *)
INSERT INTO queues_job_live ({KEPT}, status, finished_at) SELECT {KEPT}, status, finished_at FROM back
"""
TABLES = """
SELECT relname::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'queues_job'::regclass
"""
# ATTACH stops no reader and no writer. CREATE TABLE … PARTITION OF would wait for every open transaction that has read
# a job, and everybody else behind it. The constraints let ATTACH skip the look at the rows, and let PostgreSQL skip the
# table when other states are asked for.
MAKE = """
CREATE TABLE {table} (
    LIKE queues_job_live INCLUDING DEFAULTS,
    CONSTRAINT {table}_day CHECK (day = '{day}'),
    CONSTRAINT {table}_status CHECK (status = 'completed'),
    CONSTRAINT {table}_pkey PRIMARY KEY (id)
);
CREATE INDEX {table}_batch ON {table} (batch_id, status) WHERE batch_id IS NOT NULL;
CREATE INDEX {table}_chain ON {table} (chain_id, chain_step) WHERE chain_id IS NOT NULL;
CREATE INDEX {table}_finished ON {table} USING brin (finished_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX {table}_tags ON {table} USING gin (tags) WITH (gin_pending_list_limit = 256) WHERE NOT tags = '{{}}';
ALTER TABLE queues_job ATTACH PARTITION {table} FOR VALUES IN ('{day}')
"""
# Waits for whoever reads jobs, and everybody else waits behind it: so not for long. The table's files are deleted
# afterwards, under its other name, when nobody can be reading it.
DETACH = """
SET LOCAL lock_timeout = '50ms';
SET LOCAL statement_timeout = '200ms';
LOCK TABLE ONLY queues_job IN ACCESS EXCLUSIVE MODE;
ALTER TABLE queues_job DETACH PARTITION {table};
ALTER TABLE {table} RENAME TO {gone}
"""
GONE = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND starts_with(relname, 'queues_gone_')"


class NotEmpty(RuntimeError):
    """There still are jobs in the table of this day."""


def put_away(database: Connection, floor: Floor | None = None) -> int:
    """Move finished jobs out of the hot table, from the `floor` on, at most a thousand; returns how many."""
    floor = floor or Floor()
    begin = floor.since()
    # Jobs that an earlier release ended may have no time of their end: a look at the whole sees them, too.
    since, params = ("", ()) if begin == ALWAYS else (SINCE, (begin,))
    days = [day for (day,) in database.rows(DAYS_OF_OVER.format(since=since), params)]
    if days:
        prepare_days(database, days)
    rows = database.rows(PUT_AWAY.format(since=since), params)
    floor.found(database, rows[0][0] if rows else None)
    return len(rows)


def bring_back(database: Connection, condition: str, params: Sequence[Any]) -> None:
    """Move the failed jobs that meet an SQL condition into the hot table, in the caller's transaction: they may run
    again, under their ids and with their history."""
    database.rows(BRING_BACK.format(condition=condition), params)


def prepare_days(database: Connection, also: Iterable[date] = ()) -> int:
    """Make the tables of today, of the days around it, and of those in `also`; returns how many were missing."""
    today = datetime.now(UTC).date()
    days = {today + timedelta(days=ahead) for ahead in range(-1, DAYS_AHEAD + 1)} | {*also}
    there = {table for (table,) in database.rows(TABLES)}
    return sum(_make(database, day) for day in sorted(days) if table_of(day) not in there)


def days(database: Connection) -> list[date]:
    """The days that have a table, the oldest first."""
    names = [name.removeprefix(DAY_TABLE) for (name,) in database.rows(TABLES) if name.startswith(DAY_TABLE + "2")]
    return sorted(date.fromisoformat(name.replace("_", "-")) for name in names)


def detach(database: Connection, day: date, *, only_empty: bool = False) -> None:
    """Take a day's table away from the ledger, in the caller's transaction. Raises `NotEmpty`, or PostgreSQL's error
    when somebody reads jobs for more than 50 ms, or when another process was faster."""
    gone = f"queues_gone_{day:%Y_%m_%d}"
    database.rows(DETACH.format(table=table_of(day), gone=gone))
    if only_empty and database.rows(f"SELECT 1 FROM {gone} LIMIT 1"):
        raise NotEmpty(NotEmpty.__doc__)


def drop_detached(database: Connection) -> int:
    """Delete the tables that were taken away, with their files; returns how many."""
    names = [name for (name,) in database.rows(GONE)]
    for name in names:
        database.rows(f"DROP TABLE IF EXISTS {name}")
    return len(names)


def table_of(day: date) -> str:
    """The name of the table with the jobs that completed on a day."""
    return f"{DAY_TABLE}{day:%Y_%m_%d}"


def _make(database: Connection, day: date) -> bool:
    try:
        database.rows(MAKE.format(table=table_of(day), day=day))
    except (DuplicateTable, UniqueViolation):
        # Another process was faster.
        return False
    return True
