"""The log of slow runs: a row for each, written while the run still lasts and again when it has ended."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from askpro.queues.insight.record import LONGEST_KEY, RunRecord, Spent, computed_by
from askpro.queues.insight.statement import without_values
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection

# Statements and calls that are kept of a run: those that took longest.
MOST_KEPT = 10
# A run that has not ended is written again when it has taken so many times longer.
AGAIN_AT = 2.0
CALL = ("vendor", "route", "result")
COLUMNS = (
    *("job_id", "claim_no", "actor_name", "queue_name", "company_id", "worker_id", "error_class", "threshold"),
    *("seconds", "sql_seconds", "sql_count", "lock_seconds", "vendor_seconds", "vendor_count", "cpu_seconds"),
    *("statements", "calls"),
)
WRITE = """
INSERT INTO queues_slowrun ({columns}, began_at, finished_at)
VALUES ({values}, clock_timestamp() - %(ago)s * interval '1 second',
        CASE WHEN %(is_over)s THEN clock_timestamp() - %(since_end)s * interval '1 second' END)
    ON CONFLICT (job_id, claim_no) DO UPDATE SET finished_at = excluded.finished_at, {updates}
""".format(
    columns=", ".join(COLUMNS),
    values=", ".join(f"%({name})s" for name in COLUMNS),
    updates=", ".join(f"{name} = excluded.{name}" for name in COLUMNS[6:]),
)


def is_due(record: RunRecord, slow: float) -> bool:
    """Whether a run that has not ended is slow by now, and its row is missing or old."""
    return time.monotonic() - record.began >= (record.told_at or slow)


def write(
    database: Connection, worker_id: int, claim: Claim, record: RunRecord, slow: float, company_id: int | None
) -> None:
    """Write the run's row. Raises one of `CONNECTION_ERRORS`."""
    ago = time.monotonic() - record.began
    seconds = record.seconds if record.is_over else ago
    (statements, sql), calls = _statements(record), dict(record.calls)
    params = {
        **{name: getattr(claim, name) for name in ("claim_no", "actor_name", "queue_name")},
        **{name: getattr(record, name) for name in ("error_class", "lock_seconds", "is_over")},
        "job_id": claim.id,
        "company_id": company_id,
        "threshold": slow,
        "cpu_seconds": record.cpu_seconds if record.is_over else _computed(claim, record),
        "worker_id": worker_id,
        "seconds": seconds,
        "sql_seconds": sql.seconds,
        "sql_count": sql.count,
        "vendor_seconds": record.vendors.seconds,
        "vendor_count": record.vendors.count,
        "statements": json.dumps([{"text": without_values(key), **told} for key, told in _slowest(statements)]),
        "calls": json.dumps([{**dict(zip(CALL, key, strict=True)), **told} for key, told in _slowest(calls)]),
        "ago": ago,
        "since_end": ago - seconds,
    }
    database.rows(WRITE, params)
    record.told_at = seconds * AGAIN_AT


def _computed(claim: Claim, record: RunRecord) -> float:
    return max(computed_by(claim.thread_id) - record.cpu_began, 0.0)


def _statements(record: RunRecord) -> tuple[dict[str, Spent], Spent]:
    """The statements, and all of them together; one that has not ended counts as it is now."""
    # The run's own thread may be adding to these.
    statements, flight, sql = dict(record.statements), record.in_flight, replace(record.sql)
    if flight is not None and not record.is_over:
        key, seconds = flight.statement[:LONGEST_KEY], time.monotonic() - flight.began
        statements[key] = replace(statements.get(key, Spent()))
        statements[key].add(seconds)
        sql.add(seconds)
    return statements, sql


def _slowest(kinds: Mapping[Any, Spent]) -> list[tuple[Any, dict[str, float]]]:
    chosen = sorted(kinds.items(), key=lambda kind: -kind[1].seconds)[:MOST_KEPT]
    return [
        (key, {"count": spent.count, "seconds": round(spent.seconds, 4), "longest": round(spent.longest, 4)})
        for key, spent in chosen
    ]
