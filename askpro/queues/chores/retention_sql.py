"""What each table of the ledger keeps, and the one statement that deletes the rest of it, a page at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg2.extras import Json

from askpro.queues.config import FIGURES, Retention
from askpro.queues.metrics.fold_sql import ARRIVED
from askpro.queues.states import LIVING

# Rows that one statement reads.
AT_ONCE = 1000
# The next page in the order of the key. Of its rows, those that are due and that nobody has locked are deleted. Keys
# rise with time, so all that is old stands before `young`, and what is young is not read at all.
BITE = """
WITH page AS MATERIALIZED (
    SELECT {key} FROM {table} WHERE {key} > %(place)s{young} ORDER BY {key} LIMIT %(most)s
), due AS MATERIALIZED (
    SELECT {key} FROM {table} AS row WHERE {key} IN (SELECT {key} FROM page) AND {due} FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM due) RETURNING *
){along}
SELECT (SELECT count(*) FROM page), (SELECT {key}::text FROM page ORDER BY page.{key} DESC LIMIT 1),
       (SELECT count(*) FROM gone), {chains}
"""
_AGO = "statement_timestamp() - interval '1 minute' *"


def _of_job(word: str) -> str:
    actor, queue = (f"(%({word}_of_{owners})s::jsonb ->> {name})::int" for owners, name in _OWNERS.items())
    return f"coalesce({actor}, {queue}, %({word})s)"


_OWNERS = {"actors": "actor_name", "queues": "queue_name"}
_MONITORED = "CASE WHEN EXISTS (SELECT 1 FROM unnest(tags) AS tag WHERE tag LIKE ANY(%(tags)s::text[]))"
_MONITORED += " THEN %(monitored)s ELSE 0 END"
_ENDED = "coalesce(finished_at, created_at)"
# A batch may be retried as long as what failed in it is there.
_FAILED = f"CASE WHEN status = 'dead' OR batch_id IS NOT NULL THEN {_of_job('failed')} ELSE {_of_job('completed')} END"
_WITH_ATTEMPTS = """, attempt AS (
    DELETE FROM queues_attempt USING gone WHERE job_id = gone.id
)"""
_ARCHIVED = """, archived AS (
    INSERT INTO queues_archived_job (id, actor_name, queue_name, tags, error_class, created_at, finished_at, story)
    SELECT id, actor_name, queue_name, tags, error_class, created_at, coalesce(finished_at, created_at),
           jsonb_build_object(
               'args', args, 'kwargs', kwargs, 'error_message', error_message, 'tries', tries_spent,
               'batch', batch_id, 'chain', chain_id, 'step', chain_step,
               'attempts', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'no', claim_no, 'outcome', outcome, 'started_at', started_at, 'finished_at', finished_at,
                       'error_class', attempt.error_class, 'error_message', attempt.error_message
                   ) ORDER BY claim_no), '[]') FROM queues_attempt AS attempt WHERE job_id = gone.id))
      FROM gone WHERE status = 'dead'
        ON CONFLICT (id) DO NOTHING
)"""
_ARRIVED = f""", arrived AS ({ARRIVED.format(source="gone")})"""
_WITH_MEMBERS = """, member AS (
    DELETE FROM queues_batchmember AS member USING gone WHERE member.batch_id = gone.id
)"""
# The steps behind a dead one wait for its retry, those behind a batch for that of its members.
_CHAINS_OF_STEPS = "(SELECT array_agg(DISTINCT chain_id::text) FROM gone WHERE status = 'dead' AND chain_step >= 0)"
_CHAINS_OF_BATCHES = "(SELECT array_agg(DISTINCT chain_id::text) FROM gone WHERE chain_id IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A table that keeps rows for a time.

    key     the column by which it is walked; kind: its type
    due     the SQL condition of rows that are no longer kept
    least   how many minutes every row is kept at least; no younger one is read, where the key is the time of creation
    along   what is deleted and written along with the rows, as further parts of the statement
    chains  the chains whose waiting steps can never run when the rows are gone
    """

    table: str
    key: str
    kind: str
    due: str
    least: Callable[[Retention], int]
    along: str = ""
    chains: str = "NULL::text[]"

    @property
    def statement(self) -> str:
        return BITE.format(
            **{name: getattr(self, name) for name in ("table", "key", "due", "along", "chains")},
            young=" AND {}{}".format(self.key, " < %(young)s::uuid") if self.kind == "uuid" else "",
        )


def shelf_of_day(table: str) -> Shelf:
    """The table of a day's completed jobs."""
    kept = f"greatest({_of_job('completed')}, {_MONITORED})"
    return Shelf(table, "id", "uuid", f"{_ENDED} < {_AGO} {kept}", _least_completed, _WITH_ATTEMPTS)


def params_of(kept: Retention) -> Mapping[str, Any]:
    """What the statements need to know of the settings."""
    words = ("completed", "failed", "archived", "monitored", "recent", "ticks", "insight", "effects", *FIGURES)
    others = {
        f"{word}_of_{owners}": Json(kept.others(owners, word)) for word in ("completed", "failed") for owners in _OWNERS
    }
    return {
        **{word: getattr(kept, word) for word in words},
        **others,
        "tags": [_pattern(tag) for tag in kept.monitored_tags],
        "batches": max(kept.all_of("failed")),
        # What ran a job is kept at least as long as the job: its page names it.
        "workers": _workers(kept),
    }


def _pattern(tag: str) -> str:
    escaped = tag.removesuffix("*").replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return escaped + ("%" if tag.endswith("*") else "")


def _least_completed(kept: Retention) -> int:
    return min(kept.all_of("completed"))


def least_of_jobs(kept: Retention) -> int:
    """The minutes for which every job is kept that is over."""
    return min(kept.all_of("completed") | kept.all_of("failed"))


def _workers(kept: Retention) -> int:
    return max(kept.recent, kept.longest_completed)


def _of(word: str) -> Callable[[Retention], int]:
    return lambda kept: int(getattr(kept, word))


def _plain(table: str, due: str, word: str = "recent", key: str = "id", kind: str = "bigint") -> Shelf:
    return Shelf(table, key, kind, due.format(before=f"{_AGO} %({word})s"), _of(word))


# In this order: what refers to a row goes before it.
SHELVES = (
    Shelf(
        *("queues_job_failed", "id", "uuid"),
        due=f"{_ENDED} < {_AGO} greatest({_FAILED}, {_MONITORED})",
        least=least_of_jobs,
        along=_ARCHIVED + _ARRIVED + _WITH_ATTEMPTS,
        chains=_CHAINS_OF_STEPS,
    ),
    Shelf(
        *("queues_batch", "id", "uuid"),
        due=f"status <> 'open' AND finished_at < {_AGO} %(batches)s"
        " AND NOT EXISTS (SELECT 1 FROM queues_job_live WHERE batch_id = row.id)"
        " AND NOT EXISTS (SELECT 1 FROM queues_job_failed WHERE batch_id = row.id)",
        least=lambda kept: max(kept.all_of("failed")),
        along=_WITH_MEMBERS,
        chains=_CHAINS_OF_BATCHES,
    ),
    # Those of jobs that went with their day. OFFSET keeps each look-up of a job one of its own: for a join, PostgreSQL
    # might read the ids of all jobs.
    Shelf(
        *("queues_attempt", "job_id", "uuid"),
        due="NOT EXISTS (SELECT 1 FROM queues_job WHERE id = row.job_id OFFSET 0)",
        least=least_of_jobs,
    ),
    _plain("queues_archived_job", "finished_at < {before}", "archived", kind="uuid"),
    _plain("queues_effect", "at < {before}", "effects", "key", "text"),
    _plain(
        "queues_scheduledtick",
        "sent_at < {before} AND EXISTS ("
        "SELECT 1 FROM queues_scheduledtick AS newer WHERE newer.schedule_id = row.schedule_id AND newer.at > row.at)",
        "ticks",
    ),
    _plain("queues_metricssnapshot", "at < {before}"),
    # A minute goes after it was added to its hour and its day.
    _plain(
        "queues_metricminute",
        "at < {before} AND id <= (SELECT rolled FROM queues_metricfold)",
        "figures_by_minute",
    ),
    _plain("queues_metrichour", "at < {before}", "figures_by_hour"),
    _plain("queues_metricday", "at < {before}", "figures_by_day"),
    _plain("queues_slowrun", "coalesce(finished_at, began_at) < {before}", "insight"),
    _plain("queues_runcost", "hour < {before}", "insight"),
    _plain("queues_stackrequest", "at < {before}", "insight"),
    _plain("queues_profiledrun", "at < {before}", "insight"),
    _plain(
        "queues_profile",
        "at < {before} AND NOT EXISTS (SELECT 1 FROM queues_profiledrun WHERE profile_id = row.id)",
        "insight",
    ),
    _plain("queues_fleetevent", "at < {before}"),
    _plain(
        "queues_fleetcommand",
        "at < {before} AND (taken_at IS NOT NULL OR NOT EXISTS ("
        f"SELECT 1 FROM queues_supervisor WHERE id = row.supervisor_id AND status IN {LIVING}))",
    ),
    Shelf(
        *("queues_worker", "id", "bigint"),
        due=f"status <> 'running' AND ended_at < {_AGO} %(workers)s"
        " AND NOT EXISTS (SELECT 1 FROM queues_job_live WHERE worker_id = row.id AND status = 'processing')",
        least=_workers,
    ),
    Shelf(
        *("queues_supervisor", "id", "bigint"),
        due=f"status NOT IN {LIVING} AND beat_at < {_AGO} %(workers)s"
        " AND NOT EXISTS (SELECT 1 FROM queues_worker WHERE supervisor_id = row.id)"
        " AND NOT EXISTS (SELECT 1 FROM queues_fleetcommand WHERE supervisor_id = row.id)",
        least=_workers,
    ),
    _plain("queues_gate", "full_at < {before} AND shut_since IS NULL", key="name", kind="text"),
)
