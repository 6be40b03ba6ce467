"""What each worker does, as its forker sees it: told with every heartbeat, for people who look at the fleet."""

import time
from collections.abc import Iterable
from math import inf
from typing import Any

from askpro.queues.supervisor.child import Child

# Jobs that are named for one worker; the longest running come first.
MOST_NAMED = 8


def vitals(children: Iterable[Child]) -> dict[str, dict[str, Any]]:
    """By worker: its private memory in MB, the jobs it has run, the seconds since its last sign of life, what runs.

    `running` are (job id, seconds, seconds that are left of its time limit).
    """
    now = time.monotonic()
    return {str(child.slots.worker_id): _of(child, now) for child in children if child.is_ready}


def _of(child: Child, now: float) -> dict[str, Any]:
    running = [item for item in child.slots.started() if item.limit < inf]
    running.sort(key=lambda item: item.started)
    return {
        "memory": round(child.memory),
        "runs": sum(runs for runs, _ in child.slots.done().values()),
        "silent": round(max(now - child.slots.beat_at, 0.0), 1),
        "leaving": bool(child.leaving_at),
        "running": [
            (item.job_id, round(now - item.started, 1), round(item.limit - now, 1)) for item in running[:MOST_NAMED]
        ],
    }
