"""Very many delayed jobs: promotion keeps up, and no worker knows of them."""

import os
import time
from datetime import timedelta

import psutil
import pytest
from django.db import connection

from askpro.queues.chores import promotion
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.models import Attempt, Job
from tests.queues import actors
from tests.queues.queues_run import seconds_until
from tests.queues.supervisor.test_processes import start  # noqa: F401 - a fixture

IS_LONG = os.environ.get("ASKPRO_TEST_LONG") == "1"
JOBS = 1_000_000 if IS_LONG else 50_000
# Sent by one statement: sending is measured elsewhere, and here it would be most of the time.
INSERT = """
INSERT INTO queues_job (id, actor_name, queue_name, args, kwargs, options, tags, status, run_at)
SELECT gen_random_uuid(), 'nothing', 'low', '[1]', '{}', '{}', '{}', 'scheduled',
       clock_timestamp() + %s * interval '1 second' + n * interval '1 microsecond'
  FROM generate_series(1, %s) AS n
"""

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]


def send_delayed(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [seconds, JOBS])
        cursor.execute("ANALYZE queues_job")


def memory(pids: list[int]) -> float:
    """Megabytes that belong to these processes alone."""
    return sum(psutil.Process(pid).memory_full_info().uss for pid in pids) / 1e6


def test_promotion_is_fast_and_loses_nothing(transactional_db):
    send_delayed(-3600)
    database = EngineConnection()
    try:
        began = time.monotonic()
        promoted = 0
        while count := promotion.promote(database):
            promoted += count
        took = time.monotonic() - began
    finally:
        database.close()
    print(f"\n{promoted} due jobs were made ready in {took:.1f} s: {promoted / took:.0f} a second")
    assert promoted == JOBS
    assert promoted / took > (5000 if IS_LONG else 2500)
    assert set(Job.objects.values_list("status").distinct()) == {("queued",)}


def test_workers_do_not_grow_and_what_is_due_runs_on_time(start):  # noqa: F811
    queues = start(processes=2)
    actors.nothing.send(1)
    seconds_until(lambda: Job.objects.filter(status="completed").count() == 1, 10)
    workers = queues.workers()
    before = memory(workers)
    send_delayed(24 * 3600)
    delays = {actors.nothing.send_with_options(args=(1,), delay=500 + 50 * n).message_id: n for n in range(50)}
    seconds_until(lambda: Job.objects.filter(pk__in=delays, status="completed").count() == len(delays), 60)
    late = sorted(
        attempt.started_at - attempt.job.created_at - timedelta(milliseconds=500 + 50 * delays[str(attempt.job_id)])
        for attempt in Attempt.objects.filter(job_id__in=delays).select_related("job")
    )
    grown = memory(workers) - before
    print(
        f"\nbeside {JOBS} delayed jobs: late by {late[25].total_seconds():.2f} s (median),"
        f" {late[-1].total_seconds():.2f} s at most; two workers grew by {grown:.1f} MB"
    )
    assert queues.workers() == workers
    assert grown < 10
    assert late[0] > timedelta(milliseconds=-50)
    # Other tests keep the machine busy, so only the median of the last ones must be on time.
    assert late[-1 if IS_LONG else 25] < timedelta(seconds=1)
