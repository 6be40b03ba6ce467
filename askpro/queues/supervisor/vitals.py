"""What each worker is doing, as its forker sees it: part of every heartbeat, for people who look at the fleet."""

import time
from collections.abc import Iterable
from math import inf

from askpro.queues.fleet.state import RunningJob, WorkerState
from askpro.queues.supervisor.child import Child

# Jobs that are named for one worker.
MOST_NAMED = 8


def vitals(children: Iterable[Child]) -> dict[int, WorkerState]:
    """By the ids of the workers; the longest running jobs come first."""
    now = time.monotonic()
    return {child.page.worker_id: _of(child, now) for child in children if child.is_ready}


def _of(child: Child, now: float) -> WorkerState:
    running = [item for item in child.page.started() if item.limit < inf]
    running.sort(key=lambda item: item.started)
    return WorkerState(
        memory=round(child.memory),
        runs=sum(runs for runs, _ in child.page.done().values()),
        silent=round(max(now - child.page.beat_at, 0.0), 1),
        leaving=bool(child.leaving_at),
        running=[
            RunningJob(item.job_id, round(now - item.started, 1), round(item.limit - now, 1))
            for item in running[:MOST_NAMED]
        ],
    )
