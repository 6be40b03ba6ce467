"""Forty workers, and a restart under load: what a supervisor costs, and that no job suffers."""

import itertools
import os
import time

import psutil
import pytest
from django.db import connection

from askpro.queues import send_many
from askpro.queues.models import Worker
from tests.queues import actors
from tests.queues.queues_run import QueuesRun, seconds_until
from tests.queues.supervised import ALL, all_over, command, count

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes"), pytest.mark.long]


class TestFortyWorkers:
    def test_they_are_small_quick_to_start_and_idle_when_idle(self, supervise):
        is_busy = os.getloadavg()[0] > (os.cpu_count() or 1)
        queues = supervise({"all": {"queues": ["default"], "processes": 40}}, wait=False, TEST_ALL_APPS="1")
        seconds_until(lambda: queues.workers(), 30)
        took = seconds_until(lambda: Worker.objects.filter(status="running").count() == 40, 30)
        actors.nothing.send(1)
        seconds_until(all_over, 5)
        time.sleep(5)
        memory = [psutil.Process(pid).memory_full_info().uss / 1e6 for pid in queues.workers()]
        used, over = cpu_seconds(queues), 20
        time.sleep(over)
        idle = (cpu_seconds(queues) - used) / over
        print(
            f"\n40 workers: all there {took:.2f} s after the first fork; private memory {max(memory):.1f} MB at most;"
            f" the idle fleet (forker, chores, workers) uses {idle * 100:.1f} % of one core"
        )
        assert max(memory) <= 20
        assert took <= 1 or is_busy, "others had the processors"
        assert idle < 0.03


class TestARollingRestartUnderLoad:
    def test_no_job_is_lost_or_run_twice_or_waits_long(self, supervise):
        queues = supervise({"all": {"queues": ALL, "processes": 2, "threads": 4}})
        old = queues.workers()
        until, total = time.monotonic() + 20, 0
        restarted = False
        while time.monotonic() < until:
            began = time.monotonic()
            send_many([actors.nothing.message(total + number) for number in range(100)])
            total += 100
            if not restarted and total > 3000:
                command("queues_restart")
                restarted = True
            time.sleep(max(0.0, began + 0.1 - time.monotonic()))
        seconds_until(all_over, 30)
        seconds_until(lambda: not set(queues.workers()) & set(old), 10)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY"
                " extract(epoch FROM run.started_at - ready_at)), count(*)"
                "  FROM queues_attempt_told AS run JOIN queues_job ON job_id = id"
            )
            (median, p99, longest), attempts = cursor.fetchone()
        print(
            f"\nrestart under {total / 20:.0f} jobs a second: {total} sent, {attempts} runs;"
            f" delay {median * 1000:.0f} ms at the median, p99 {p99 * 1000:.0f} ms, longest {longest:.2f} s"
        )
        assert attempts == total == count(status="completed")
        assert longest < 5


def cpu_seconds(queues: QueuesRun) -> float:
    """Of the forker and all of its children, so far."""
    processes = [psutil.Process(queues.pid), *psutil.Process(queues.pid).children()]
    return sum(itertools.chain.from_iterable(process.cpu_times()[:2] for process in processes))
