"""What waits in each queue, and for what."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from askpro.queues.ledger.database import Connection
from askpro.queues.states import FAILED_DAY, LIVE_DAY

# Rows of one state that are counted, for ready ones of each queue: a million take a second.
MOST: Final = 50_000
# What a released job waits for is decided at the run that released it (`ledger/outcome.py`).
RELEASED: Final = """CASE WHEN gate IS NOT NULL THEN 'gate' WHEN run_at IS NULL THEN 'lock'
     WHEN rate_slot_at IS NOT NULL THEN 'limit' ELSE 'released' END"""
PAUSED: Final = """ARRAY(
    SELECT name FROM queues_pause WHERE kind = '{kind}' AND (until IS NULL OR until > clock_timestamp()))"""
# In the order of the queue's index, so that the oldest is among them however many there are.
READY: Final = f"""
SELECT name, reason, count(*), extract(epoch FROM clock_timestamp() - min(ready_at))::float8
  FROM unnest(%(queues)s::text[]) AS queue (name), LATERAL (
      SELECT ready_at, CASE WHEN name = ANY({PAUSED.format(kind="queue")}) THEN 'paused'
                            WHEN actor_name = ANY({PAUSED.format(kind="actor")}) THEN 'paused'
                            ELSE 'ready' END AS reason
        FROM queues_job_live WHERE status = 'queued' AND queue_name = name ORDER BY ready_at LIMIT {MOST}) AS job
 GROUP BY 1, 2
"""
OTHERS: Final = f"""
SELECT queue_name, CASE status WHEN 'waiting' THEN 'step' WHEN 'released' THEN reason ELSE status END, count(*),
       extract(epoch FROM clock_timestamp() - min(since))::float8
  FROM (SELECT queue_name, status, {RELEASED} AS reason, coalesce(ready_at, created_at) AS since
          FROM queues_job_live WHERE status = ANY(%(states)s) LIMIT {MOST}) AS job
 GROUP BY 1, 2
"""
DEAD: Final = f"""
SELECT queue_name, count(*) FROM (
    SELECT queue_name FROM queues_job
     WHERE status = 'dead' AND day IN ('{LIVE_DAY}', '{FAILED_DAY}') LIMIT {MOST}) AS job
 GROUP BY 1
"""
REASONS: Final = ("step", "lock", "limit", "gate", "released", "paused")
LATER: Final = ("scheduled", "retrying")


@dataclass(slots=True)
class QueueSize:
    """How many jobs of a queue stand where. `later` wait for their time, first or after a failure; `waiting` wait for
    something else: `step` the job before them, `lock` a key, `limit` their slot, `gate` a vendor, `released` what the
    job itself said, `paused` a person. Ages in seconds, 0 where there is none.
    """

    ready: int = 0
    running: int = 0
    waiting: dict[str, int] = field(default_factory=dict)
    later: int = 0
    dead: int = 0
    oldest_ready_seconds: float = 0.0
    oldest_waiting_seconds: float = 0.0


def sizes(database: Connection, queues: list[str]) -> dict[str, QueueSize]:
    """Of these queues, and of every other that has jobs which are not ready."""
    found: dict[str, QueueSize] = defaultdict(QueueSize, {name: QueueSize() for name in queues})
    # One state at a time: a million of one must not hide the few of another.
    for states in (["processing"], ["waiting"], ["released"], [*LATER]):
        for queue, reason, count, age in database.rows(OTHERS, {"states": states}):
            _add(found[queue], reason, count, max(age, 0.0))
    for queue, reason, count, age in database.rows(READY, {"queues": list(found)}):
        _add(found[queue], reason, count, max(age, 0.0))
    for queue, count in database.rows(DEAD):
        found[queue].dead += count
    return dict(found)


def _add(size: QueueSize, reason: str, count: int, age: float) -> None:
    if reason == "ready":
        size.ready, size.oldest_ready_seconds = size.ready + count, max(size.oldest_ready_seconds, age)
    elif reason == "processing":
        size.running += count
    elif reason in LATER:
        size.later += count
    else:
        size.waiting[reason] = size.waiting.get(reason, 0) + count
        size.oldest_waiting_seconds = max(size.oldest_waiting_seconds, age)
