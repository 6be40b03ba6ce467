"""Workers of a release and of the next on one ledger: a job that only the other one can run waits for it, unharmed."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from askpro.queues.jobs import releases
from askpro.queues.models import Attempt, Job, Worker
from askpro.queues.states import JobStatus
from askpro.queues.testing import run_jobs
from tests.queues.actors import atomic_effect, greets, nothing
from tests.queues.conftest import (  # noqa: F401 - the engine's fixtures
    _effect_table,
    effects,
    redis_client,
    redis_is_on,
    supervise,
)
from tests.queues.queues_run import wait_until
from tests.queues.supervised import Supervise

SEND = """
INSERT INTO queues_job (id, actor_name, queue_name, args, kwargs, options, tags, status, ready_at, created_at)
VALUES (%s, %s, 'default', '[]', %s, '{}', '{}', 'queued', clock_timestamp(), %s)
"""
LONG_AGO = timedelta(seconds=releases.ROLL_OUT + 60)
POOL = {"all": {"queues": ["default"], "processes": 1, "threads": 2}}


def send(actor_name: str, kwargs: str = "{}", ago: timedelta = timedelta()) -> str:
    """A job as another release writes it."""
    job_id = str(uuid.uuid4())
    with connection.cursor() as cursor:
        cursor.execute(SEND, [job_id, actor_name, kwargs, timezone.now() - ago])
    return job_id


MISFITS = [
    ('{"name": "Ada", "language": "de"}', "unexpected keyword argument 'language'"),
    ("{}", "missing a required argument: 'name'"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("kwargs", "why"), MISFITS)
class TestMisfit:
    def test_a_job_that_was_just_sent_waits_and_spends_no_try(self, kwargs: str, why: str) -> None:
        job_id = send("greets", kwargs)

        assert run_jobs() == [("greets", "released")]
        job = Job.objects.get(pk=job_id)
        assert (job.status, job.tries_spent, job.release_reason) == (JobStatus.RELEASED, 0, releases.WAITS)
        assert not Attempt.objects.filter(job_id=job_id).exists()

    def test_an_older_one_waits_while_another_release_works(self, kwargs: str, why: str) -> None:
        worker = Worker.objects.create(pool="all", host="other", pid=1, code_version="n+1")
        job_id = send("greets", kwargs, LONG_AGO)
        assert run_jobs() == [("greets", "released")]

        Worker.objects.filter(pk=worker.pk).update(status=Worker.Status.STOPPED)
        assert run_jobs(due_or_not=True) == [("greets", "dead")]
        assert Job.objects.get(pk=job_id).tries_spent == 1

    def test_when_nobody_can_take_it_it_is_dead_and_says_what_to_do(self, kwargs: str, why: str) -> None:
        job_id = send("greets", kwargs, LONG_AGO)

        assert run_jobs() == [("greets", "dead")]
        error = Job.objects.get(pk=job_id)
        assert error.error_class == "askpro.queues.errors.ArgumentsDoNotFit"
        assert why in error.error_message and "Replace the job by one with other arguments" in error.error_message
        assert "Ada" not in error.error_message


@pytest.mark.django_db
@pytest.mark.parametrize("error", [TypeError("inside"), ValueError("inside")])
def test_an_error_inside_of_a_function_that_was_called_is_its_own(error: Exception) -> None:
    job_id = send("nothing", '{"number": 1}')
    claim: Any = type("Claim", (), {"args": [], "kwargs": {"number": 1}, "tries_spent": 0, "options": {}})()
    claim.extra_tries, claim.interrupted, claim.id = 0, False, job_id

    assert nothing.outcome(claim, error).error_class == type(error).__name__


@pytest.mark.xdist_group("upgrade")
def test_workers_of_two_releases_share_a_ledger(supervise: Supervise, effects: Any) -> None:  # noqa: F811
    """The next release's web sends while only old workers run; then its workers come, and the old ones go."""
    old = supervise(POOL, ASKPRO_VERSION="n")
    new_actor, new_arguments = send("is_new"), send("greets", '{"name": "Ada", "language": "de"}')
    greets.send(name="Ada")
    atomic_effect.send(1)
    assert wait_until(lambda: sorted(effects()) == ["atomic", "greets"], 20)
    assert wait_until(lambda: Job.objects.get(pk=new_arguments).status == JobStatus.RELEASED, 20)
    assert Job.objects.get(pk=new_actor).status == JobStatus.QUEUED

    supervise(POOL, ASKPRO_VERSION="n+1")
    assert wait_until(lambda: "is new" in effects(), 20)
    old.stop()
    Job.objects.filter(pk=new_arguments).update(run_at=timezone.now())
    assert wait_until(lambda: "greets in de" in effects(), 20)
    assert [*Job.objects.filter(pk__in=[new_actor, new_arguments]).values_list("status", "tries_spent")] == [
        (JobStatus.COMPLETED, 0),
        (JobStatus.COMPLETED, 0),
    ]
