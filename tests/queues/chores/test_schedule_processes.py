"""The schedule with the processes of two hosts: each tick gets exactly one job, even if processes die."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from askpro.queues.models import Job, ScheduledTick
from tests.queues.queues_run import QueuesRun, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.also_without_redis(if_long=True),
]


@pytest.fixture
def hosts(
    transactional_db: None, child_environment: Callable[..., dict[str, str]], tmp_path: Path
) -> Iterator[list[QueuesRun]]:
    environment = child_environment(TEST_SCHEDULE="1")
    hosts = [QueuesRun(environment, tmp_path / f"host-{number}.log") for number in range(2)]
    yield hosts
    for host in hosts:
        host.stop()


def test_two_hosts_send_each_tick_once_and_miss_none_when_one_dies(hosts: list[QueuesRun]) -> None:
    for host in hosts:
        host.start()
    assert wait_until(lambda: ScheduledTick.objects.count() >= 4, 15), hosts[0].said()
    hosts[0].stop()
    before = ScheduledTick.objects.count()
    assert wait_until(lambda: ScheduledTick.objects.count() >= before + 3, 15), hosts[1].said()
    hosts[1].terminate()
    hosts[1].wait(15)

    ticks = list(ScheduledTick.objects.order_by("at"))
    assert {later.at - earlier.at for earlier, later in pairwise(ticks)} == {timedelta(seconds=1)}
    jobs = Job.objects.filter(actor_name="nothing")
    assert {tick.job_id for tick in ticks} == set(jobs.values_list("pk", flat=True))
    assert len(ticks) == jobs.count()
