from collections import Counter

import pytest

from askpro.dev.bench.pressure.marks import UNMEASURED
from askpro.dev.bench.pressure.mix import PATIENT, QUEUES, SLOW, Spec, jobs, specs, total


@pytest.mark.parametrize("count", [1, 2, 3, 7, 200])
def test_it_gives_exactly_as_many_jobs_as_are_due(count: int):
    assert all(total(list(specs(first, count))) == count for first in range(60))


def test_each_queue_gets_its_share():
    queues = Counter(spec.queue for spec in specs(0, 104))
    assert queues == QUEUES


def test_some_are_slow_some_have_a_key_and_some_are_chains():
    jobs = list(specs(0, 10_000))
    assert 0.03 < sum(job.milliseconds == SLOW for job in jobs) / len(jobs) < 0.05
    assert 0.02 < sum(job.is_keyed for job in jobs) / len(jobs) < 0.04
    assert 0.01 < sum(job.steps > 1 for job in jobs) / len(jobs) < 0.03


def test_the_same_numbers_are_the_same_jobs():
    assert list(specs(40, 30)) == list(specs(40, 30))


def test_only_jobs_that_wait_for_nobody_are_measured():
    plain, keyed = Spec(1, "high", 2), Spec(2, "high", 2, is_keyed=True)
    chain, patient = Spec(3, "high", 2, steps=3), Spec(4, PATIENT, 2)
    measured = [(spec.number, sent) for spec, sent in jobs([plain, keyed, chain, patient], 77)]
    assert measured == [(1, 77), (2, UNMEASURED), (3, 77), (3, UNMEASURED), (3, UNMEASURED), (4, UNMEASURED)]
