from collections import Counter

import pytest

from askpro.dev.bench.pressure.mix import QUEUES, SLOW, specs, total


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
