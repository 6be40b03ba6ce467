"""`broker.join`: waits until a queue has nothing to do, as Dramatiq's users know it from their tests and scripts."""

import time

from django.db import connection
from dramatiq.errors import QueueJoinTimeout

from askpro.queues.states import UNDER_WAY

IS_BUSY = f"SELECT EXISTS (SELECT 1 FROM queues_job_live WHERE queue_name = %s AND status IN {UNDER_WAY})"


def wait_for(queue_name: str, interval: int, timeout: int | None) -> None:
    """Return once no job of the queue waits or runs; times in milliseconds. Raises `QueueJoinTimeout`."""
    if connection.in_atomic_block:
        raise RuntimeError(
            "join would wait for ever: no worker sees the jobs of a transaction before its commit. In tests,"
            " askpro.queues.testing.run_jobs() runs them."
        )
    until = None if timeout is None else time.monotonic() + timeout / 1000
    while _is_busy(queue_name):
        if until is not None and time.monotonic() >= until:
            raise QueueJoinTimeout(queue_name)  # type: ignore[no-untyped-call]
        time.sleep(interval / 1000)


def _is_busy(queue_name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(IS_BUSY, [queue_name])
        return bool(cursor.fetchone()[0])
