"""What a consumer takes in where tenants take turns, with real hints."""

import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from django.db import connection
from dramatiq import get_broker

from askpro.queues import send_many
from askpro.queues.ledger import hints
from askpro.queues.ledger.database import CONNECTION_ERRORS
from askpro.queues.models import Job, Worker
from askpro.queues.worker.intake import Intake
from askpro.queues.worker.workload import Workload
from tests.queues import actors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes, pytest.mark.also_without_redis]


@pytest.fixture
def intakes(transactional_db: None) -> Iterator[Callable[..., Intake]]:
    """Each is of a process that has not run anything, or has `run` jobs of so many seconds: the slower they were, the
    fewer it claims."""
    works: list[Workload] = []

    def made(threads: int = 1, run: Sequence[float] = ()) -> Intake:
        row = Worker.objects.create(pool="test", host="here", pid=len(works) + 1)
        works.append(Workload(row.pk, threads=threads, code_version="v1"))
        for seconds in run:
            works[-1].pace.ran(seconds)
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


@pytest.mark.about_redis
@pytest.mark.parametrize(("sent", "claimed"), [([1, 1, 2], [1, 1]), ([1, 1, 1, 1, 2], [1, 2])])
def test_only_where_more_wait_than_it_runs_in_no_time_do_tenants_take_turns(intakes, sent, claimed):
    """A claim in turn costs four times as much as one by ids, and the order of a few short jobs is the same to all."""
    intake = intakes(run=[0.06] * 20)
    intake._repair_at = time.monotonic() + 60
    send(*sent)
    assert taken(intake) == claimed


@pytest.mark.about_redis
def test_a_hint_outlives_the_session_in_which_its_job_was_to_be_claimed(intakes):
    intake = intakes()
    intake._repair_at = time.monotonic() + 60
    send(1)
    ((pid,),) = intake._workload.database.rows("SELECT pg_backend_pid()")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
    with pytest.raises(CONNECTION_ERRORS):
        intake.take(0.01)
    assert taken(intake) == [1]


def test_no_job_is_forgotten(intakes):
    send(*[1] * 20, 2, *[3] * 5)
    for _ in range(26):
        assert len(taken(intakes())) == 1
    assert set(Job.objects.values_list("status", flat=True)) == {"processing"}
