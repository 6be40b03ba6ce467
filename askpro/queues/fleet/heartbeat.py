"""A supervisor's row: written at its start, updated by a heartbeat every other second, signed off at its end."""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.conf import settings

from askpro.queues.fleet import events
from askpro.queues.fleet.host import hostname, pid_space, started_at
from askpro.queues.ledger.database import EngineConnection

# Written as the environment of a supervisor that is a worker process of Dramatiq's own commands, and as its pool.
DRAMATIQ = "dramatiq"
NO_CHORES = (
    "No queues_run is alive: delayed and retried jobs do not become ready, jobs that wait at a gate are not let"
    " through, and the jobs of dead workers are not given back. Start one beside this: python3 manage.py queues_run"
)
# A supervisor that beats is alive, even if it was declared dead: a host that was frozen must be watched again.
BEAT = """
WITH before AS (SELECT status FROM queues_supervisor WHERE id = %(id)s)
UPDATE queues_supervisor SET beat_at = clock_timestamp(), state = %(state)s::jsonb,
       status = CASE status WHEN 'dead' THEN 'running' ELSE status END
 WHERE id = %(id)s RETURNING (SELECT status FROM before)
"""
PAGE_NAME = "SELECT id || '-' || (extract(epoch FROM started_at) * 1e6)::bigint FROM queues_worker WHERE id = %s"
REVIVE = "UPDATE queues_worker SET status = 'running', ended_at = NULL WHERE id = ANY(%s) AND status = 'dead'"


def register_supervisor(
    database: EngineConnection, pid: int, environment: str, code_version: str, pools: Sequence[str] = ()
) -> int:
    """Write a supervisor's row; returns its id."""
    row: tuple[Any, ...] = database.rows(
        "INSERT INTO queues_supervisor"
        " (host, pid_space, pid, process_started_at, environment, code_version, pools, status)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, 'running') RETURNING id",
        (hostname(), pid_space(), pid, started_at(pid), environment, code_version, list(pools)),
    )[0]
    return int(row[0])


def register_worker(database: EngineConnection, supervisor_id: int, pool: str) -> int:
    """Write the row of this process, a worker; returns its id."""
    ((worker_id,),) = database.rows(
        "INSERT INTO queues_worker (supervisor_id, pool, host, pid, code_version, status)"
        " VALUES (%s, %s, %s, %s, %s, 'running') RETURNING id",
        (supervisor_id, pool, hostname(), os.getpid(), settings.CODE_VERSION),
    )
    return int(worker_id)


def page_name(database: EngineConnection, worker_id: int) -> str:
    """The name of a worker's page: like no other's on a host, even where several databases use it. Empty for none."""
    rows = database.rows(PAGE_NAME, (worker_id,))
    return str(rows[0][0]) if rows else ""


def describe(database: EngineConnection, supervisor_id: int, code_version: str, pools: list[str]) -> None:
    """Write what the supervisor runs: after a restart it is the same supervisor with other code."""
    database.rows(
        "UPDATE queues_supervisor SET code_version = %s, pools = %s WHERE id = %s", (code_version, pools, supervisor_id)
    )


def beat(
    database: EngineConnection,
    supervisor_id: int,
    state: Mapping[str, Any] | None = None,
    living: Collection[int] = (),
) -> None:
    """Write that the supervisor and its `living` workers are alive, and what they are doing."""
    rows = database.rows(BEAT, {"id": supervisor_id, "state": json.dumps(state or {})})
    database.rows(REVIVE, (list(living),))
    if rows == [("dead",)]:
        text = f"Supervisor {supervisor_id} on {hostname()} beats again; its earlier jobs went to others."
        events.note(database, "supervisor_back", text, supervisor_id, hostname())


def leave(database: EngineConnection, supervisor_id: int) -> None:
    """Sign off a supervisor that has stopped in good order."""
    database.rows("UPDATE queues_supervisor SET status = 'stopped' WHERE id = %s", (supervisor_id,))
