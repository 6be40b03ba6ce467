"""Tenants take turns, in real processes: a tenant's one job behind many of another."""

import os

import pytest

from askpro.queues import send_many
from askpro.queues.models import Job
from tests.queues import actors
from tests.queues.queues_run import wait_until

IS_LONG = os.environ.get("ASKPRO_TEST_LONG") == "1"
# Jobs of the tenant that floods the queue, and the seconds that each takes.
FLOOD, EACH = (400, 0.2) if IS_LONG else (60, 0.1)
# Without turns, the other tenant's job would wait until almost all of these are done.
PROCESSES = 2
MOST_WAIT = 2.0 if IS_LONG else 1.0

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.also_without_redis(if_long=True),
]


@pytest.mark.parametrize("threads", [1, 4])
def test_one_job_behind_many_of_another_tenant_starts_about_as_soon_as_alone(supervise, threads, effects):
    supervise({"all": {"queues": ["default"], "processes": PROCESSES, "threads": threads}})
    send_many([actors.lasts_in_turn.message(company_id=1, seconds=EACH) for _ in range(FLOOD * threads)])
    assert wait_until(lambda: Job.objects.filter(status="completed").exists(), 20)
    actors.lasts_in_turn.send(company_id=2, seconds=0.0)
    own = Job.objects.filter(fair_key="company:2", status="completed")
    assert wait_until(own.exists, MOST_WAIT)
    assert Job.objects.filter(status="queued").count() > FLOOD * threads / 4
