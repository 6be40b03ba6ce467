"""The callbacks when a job is over: `on_success` and `on_failure`, sent by settle."""

import pytest
from django.db import connection
from dramatiq import get_broker

from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from tests.queues import actors
from tests.queues.ledger.test_settle import claim_all, settle_all

pytestmark = pytest.mark.django_db


def test_on_success_is_told_the_message_and_its_result(effects):
    actors.gives.send_with_options(args=(7,), on_success=actors.hears)
    run_jobs()
    assert effects() == ["heard gives: 7"]


def test_on_failure_is_told_the_errors_class_and_not_its_text_once_the_job_is_dead(effects):
    actors.fails.send_with_options(args=("no",), on_failure=actors.hears, max_retries=1)
    run_jobs()
    assert effects() == []
    run_jobs(due_or_not=True)
    assert effects() == ["heard fails: {'type': 'ValueError', 'message': ''}"]


def test_the_call_has_the_words_of_its_actor():
    actors.gives.send_with_options(args=(7,), on_success=actors.hears_alone)
    settle_all(DjangoConnection(connection.cursor()), claim_all(DjangoConnection(connection.cursor())))
    job = Job.objects.get(actor_name="hears_alone")
    assert (job.lock_key, job.fair_key, job.tags, job.rate_limit) == ("heard", "us", ['said "so"'], "testing")
    parent = Job.objects.get(actor_name="gives")
    assert job.options == {"on_success": "hears", "correlation": str(parent.pk)}
    assert 23.9 < (job.deadline_at - job.created_at).total_seconds() / 3600 < 24.1


def test_large_arguments_of_a_dead_job_do_not_hinder_on_failure_and_cost_it_no_word(effects):
    actors.fails.send_with_options(args=("x" * 8000,), on_failure=actors.hears_alone, max_retries=0)
    run_jobs()
    job = Job.objects.get(actor_name="hears_alone")
    assert (job.status, job.lock_key) == ("completed", "heard")


@pytest.mark.parametrize("result", [object(), "x" * 9000, "\x00"])
@pytest.mark.django_db(transaction=True)
def test_a_result_that_no_job_can_carry_costs_nobody_his_own(database, result):
    actors.gives.send_with_options(args=(7,), on_success=actors.hears)
    actors.nothing.send(1)
    claims = claim_all(database)
    claims[0].result = result
    assert len(settle_all(database, claims).ids) == 2
    assert Job.objects.get(actor_name="hears").args[1] is None


def test_it_is_told_of_the_longest_message_that_can_be_sent(effects):
    actors.fails.send_with_options(args=("\U0001f600" * 600,), on_failure=actors.hears, max_retries=0)
    run_jobs()
    assert effects()[0].startswith("heard fails: ")


@pytest.mark.parametrize(
    "told", ["x" * 9000, "\x00", "\ud800", float("nan"), {1, 2}], ids=["long", "nul", "half", "nan", "set"]
)
def test_what_cannot_be_told_ends_the_job_and_not_its_process(told):
    actors.gives.send_with_options(args=(7,), on_success=actors.hears)
    get_broker().actors["gives"].fn, fn = (lambda number: told), actors.gives.fn
    try:
        assert run_jobs() == [("gives", "dead")]
    finally:
        actors.gives.fn = fn
    assert Job.objects.get().error_message.startswith("gives: what on_success is told")


def test_without_on_success_a_job_may_return_anything():
    actors.gives_what_is_no_json.send()
    assert run_jobs() == [("gives_what_is_no_json", "completed")]


def test_an_actor_that_this_process_does_not_know_is_left_to_those_that_do():
    actors.gives.send_with_options(args=(7,), on_success=actors.hears)
    Job.objects.update(options={"on_success": "of_a_newer_release"})
    assert run_jobs() == [("gives", "completed")]
    job = Job.objects.get(actor_name="of_a_newer_release")
    assert (job.status, job.queue_name, job.args[1]) == ("queued", "default", 7)


@pytest.mark.parametrize(
    ("called", "said"),
    [("nobody", "names 'nobody', which is no actor"), (actors.nothing, "too many positional arguments"), (7, "is 7")],
    ids=str,
)
def test_what_could_not_be_called_is_refused_when_it_is_sent(called, said):
    with pytest.raises(ValueError, match=rf"gives: on_success .*{said}"):
        actors.gives.send_with_options(args=(7,), on_success=called)
