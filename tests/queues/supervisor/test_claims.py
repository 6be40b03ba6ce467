"""How often a job is claimed until it starts: what a process takes in should start there."""

import os
import random
from collections.abc import Callable

import pytest
from dramatiq import Message

from askpro.queues import send_many
from askpro.queues.models import Job
from tests.queues import actors
from tests.queues.queues_run import seconds_until
from tests.queues.supervised import all_over

IS_LONG = os.environ.get("ASKPRO_TEST_LONG") == "1"
# Seconds for which each load keeps all threads busy.
BUSY = 10.0 if IS_LONG else 0.4
MOST_CLAIMS_PER_JOB = 1.1
EMPTY = 0.001

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]


def alike(seconds: float) -> Callable[[int], list[float]]:
    return lambda threads: [seconds] * round(BUSY * threads / seconds)


def mixed(threads: int) -> list[float]:
    """One job of ten takes 300 ms, in no order."""
    run_times = [0.3] * round(BUSY * threads / 0.3) + [EMPTY] * round(9 * BUSY * threads / 0.3)
    random.Random(7).shuffle(run_times)
    return run_times


def one_slow(threads: int) -> list[float]:
    """The first one is slow."""
    return [BUSY + 0.5, *[0.005] * round(BUSY * threads / 0.005)]


LOADS: dict[str, Callable[[int], list[float]]] = {
    "empty": alike(EMPTY),
    "20 ms": alike(0.02),
    "300 ms": alike(0.3),
    "mixed": mixed,
    "one slow among many short": one_slow,
}


@pytest.mark.parametrize("threads", [1, 4, 8])
def test_a_job_is_claimed_about_once_whatever_its_run_time(supervise, threads):
    processes = 2
    supervise({"all": {"queues": ["default"], "processes": processes, "threads": threads}})
    told = {name: claims_per_job(load(processes * threads)) for name, load in LOADS.items()}
    print(f"\nclaims of each job on {threads} threads: {told}")
    assert all(claims <= MOST_CLAIMS_PER_JOB for claims in told.values()), told


@pytest.mark.long
@pytest.mark.parametrize("seconds", [0.05, 0.2, 1.0])
def test_a_burst_at_processes_of_one_thread_is_claimed_about_once(supervise, seconds):
    """As in production: ten processes with one thread each."""
    supervise({"default": {"queues": ["default"], "processes": 10, "threads": 1}})
    told = claims_per_job([seconds] * 250)
    print(f"\nclaims of each of 250 jobs of {seconds} s: {told}")
    assert told <= MOST_CLAIMS_PER_JOB


def claims_per_job(run_times: list[float]) -> float:
    """Send such jobs all at once, and wait until they are done."""
    before = Job.objects.count()
    send_many([job(seconds) for seconds in run_times])
    seconds_until(all_over, 60 + sum(run_times))
    claims = Job.objects.order_by("-id").values_list("claim_no", flat=True)[: len(run_times)]
    assert Job.objects.filter(status="completed").count() == before + len(run_times)
    return sum(claims) / len(run_times)


def job(seconds: float) -> Message:
    return actors.lasts.message(seconds) if seconds > EMPTY else actors.nothing.message()
