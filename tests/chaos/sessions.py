"""Disturbs the engine from other sessions of PostgreSQL."""

import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg2

from tests.chaos.rows import rows
from tests.queues.queues_run import kill

# A worker whose atomic job has written its effect and has not yet completed.
INSIDE = """
SELECT worker.id, worker.pid FROM queues_worker AS worker JOIN pg_stat_activity AS session
    ON application_name = 'askpro worker ' || worker.id
 WHERE worker.pid = ANY(%s) AND worker.status = 'running' AND state = 'idle in transaction'
   AND query LIKE '%%INSERT INTO effect%%' AND xact_start < clock_timestamp() - interval '20 milliseconds'
"""
# The most that one session locks, one row after the other.
ROWS = 30


def inside_a_transaction(pids: list[int], seconds: float = 8.0) -> tuple[int, int] | None:
    """Stop one of these workers inside an atomic job's transaction; its row's id and its process id."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        for worker_id, pid in rows(INSIDE, pids):
            kill(pid, signal.SIGSTOP)
            if (worker_id, pid) in rows(INSIDE, pids):
                return worker_id, pid
            kill(pid, signal.SIGCONT)
        time.sleep(0.005)
    return None


def provoke(url: str, seconds: float, seed: float) -> None:
    """Lock rows of running jobs from two sessions, upwards and downwards, while they are being settled."""
    limit = time.monotonic() + seconds
    with ThreadPoolExecutor() as sessions:
        list(sessions.map(lambda order: _lock(url, order, limit, seed), ("ASC", "DESC")))


def _lock(url: str, order: str, limit: float, seed: float) -> None:
    chance = random.Random(f"{seed} {order}")
    session = psycopg2.connect(url)
    try:
        with session.cursor() as cursor:
            # The engine's sessions check for deadlocks sooner, so that their statements are the ones that are ended.
            cursor.execute("SET deadlock_timeout = '300ms'")
            while time.monotonic() < limit:
                with suppress(psycopg2.errors.DeadlockDetected):
                    cursor.execute(
                        "SELECT id FROM (SELECT id FROM queues_job WHERE status IN ('processing', 'queued', 'released')"
                        f" ORDER BY status <> 'processing', id LIMIT %s) AS chosen ORDER BY id {order}",
                        [ROWS],
                    )
                    for (job_id,) in cursor.fetchall():
                        cursor.execute("SELECT 1 FROM queues_job WHERE id = %s FOR UPDATE", [job_id])
                        time.sleep(chance.uniform(0, 0.004))
                session.rollback()
    finally:
        session.close()
