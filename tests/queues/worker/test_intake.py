"""What a consumer takes in where tenants take turns, with real hints."""

import time
from collections.abc import Callable, Iterator

import pytest
from dramatiq import get_broker

from askpro.queues import send_many
from askpro.queues.ledger import hints
from askpro.queues.models import Job, Worker
from askpro.queues.worker.intake import Intake
from askpro.queues.worker.workload import Workload
from tests.queues import actors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes, pytest.mark.also_without_redis]


@pytest.fixture
def intakes(transactional_db: None) -> Iterator[Callable[..., Intake]]:
    """Each is of a process that has not run anything: it claims one job for each of its threads."""
    works: list[Workload] = []

    def made(threads: int = 1) -> Intake:
        row = Worker.objects.create(pool="test", host="here", pid=len(works) + 1)
        works.append(Workload(row.pk, threads=threads, code_version="v1"))
        return Intake(works[-1], "default", get_broker().actors, 1.5, is_fair=True)

    yield made
    for work in works:
        work.finish()


def send(*companies: int) -> None:
    send_many([actors.takes_turns.message(company_id=company) for company in companies])


def taken(intake: Intake) -> list[int]:
    return [claim.kwargs["company_id"] for claim in intake.take(0.01)]


def test_a_tenant_with_one_job_is_next_although_the_hints_name_others_first(intakes):
    send(1, 1, 1, 1, 2)
    assert [taken(intakes()) for _ in range(3)] == [[1], [2], [1]]


def test_a_process_goes_on_in_turn_while_jobs_wait(intakes):
    first, second = intakes(), intakes()
    send(1, 1, 1)
    assert taken(first) == [1]
    send(2)
    assert taken(second) == [2]


@pytest.mark.about_redis
def test_a_job_whose_hint_brought_another_one_is_found_by_the_others_hint(intakes, redis_client):
    made = intakes(), intakes(), intakes(threads=4)
    for intake in made:
        # It has just looked for jobs that Redis lost.
        intake._repair_at = time.monotonic() + 60
    send(1, 1, 2)
    assert [taken(intake) for intake in made] == [[1], [2], [1]]
    assert redis_client.llen(hints.key("default")) == 0


def test_no_job_is_forgotten(intakes):
    send(*[1] * 20, 2, *[3] * 5)
    for _ in range(26):
        assert len(taken(intakes())) == 1
    assert set(Job.objects.values_list("status", flat=True)) == {"processing"}
