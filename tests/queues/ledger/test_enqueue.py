"""Jobs are rows of their sender's transaction."""

import pytest
from django.db import connection, transaction
from dramatiq.errors import QueueNotFound

from askpro import queue_settings
from askpro.queues import chain, interventions, wake
from askpro.queues.ledger import enqueue, hints
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs, sent
from tests.queues import actors

pytestmark = [pytest.mark.django_db, pytest.mark.no_processes]


def ids_in_redis(client, queue_name="default"):
    return [item.decode() for item in client.lrange(hints.key(queue_name), 0, -1)]


@pytest.mark.django_db(transaction=True)
class TestSending:
    def test_a_job_exists_when_its_transaction_commits(self, redis_client):
        with transaction.atomic():
            message = actors.nothing.send(1)
            assert ids_in_redis(redis_client) == []
        assert Job.objects.get().status == Job.Status.QUEUED
        assert ids_in_redis(redis_client) == [message.message_id]

    def test_a_job_does_not_exist_when_its_transaction_rolls_back(self, redis_client):
        with pytest.raises(RuntimeError), transaction.atomic():
            actors.nothing.send(1)
            raise RuntimeError
        assert not Job.objects.exists()
        assert ids_in_redis(redis_client) == []

    def test_redis_carries_nothing_but_ids(self, redis_client):
        message = actors.tagged.send(call_id=4711)
        assert redis_client.keys() == [hints.key("high").encode()]
        assert ids_in_redis(redis_client, "high") == [message.message_id]


class TestTheRow:
    def test_it_keeps_arguments_tags_and_a_deadline(self):
        actors.tagged.send(call_id=7)
        job = Job.objects.get()
        assert (job.actor_name, job.queue_name, job.kwargs, job.tags) == ("tagged", "high", {"call_id": 7}, ["call:7"])
        assert job.ready_at is not None
        assert 23.9 < (job.deadline_at - job.created_at).total_seconds() / 3600 < 24.1

    def test_a_delayed_job_is_scheduled_and_not_ready(self):
        actors.nothing.send_with_options(args=(1,), delay=90_000)
        job = Job.objects.get()
        assert (job.status, job.ready_at) == (Job.Status.SCHEDULED, None)
        assert 89 < (job.run_at - job.created_at).total_seconds() < 91

    def test_ids_sort_by_the_order_of_sending(self):
        ids = [actors.nothing.send(number).message_id for number in range(50)]
        assert ids == sorted(ids)

    @pytest.mark.parametrize("argument", ["x" * 9000, object(), float("nan"), "a\x00b"])
    def test_it_refuses_arguments_that_do_not_belong_into_a_job(self, argument):
        with pytest.raises(ValueError, match="nothing: "):
            actors.nothing.send(argument)
        assert not Job.objects.exists()

    def test_it_refuses_arguments_that_the_job_does_not_take(self):
        with pytest.raises(ValueError, match=r"tagged: .*call_id"):
            actors.tagged.send()

    def test_it_refuses_an_unknown_message_option(self):
        with pytest.raises(ValueError, match="unknown message options"):
            actors.nothing.send_with_options(args=(1,), max_retry=3)

    def test_it_refuses_a_queue_that_nobody_declared(self):
        message = actors.nothing.message(1).copy(queue_name="nowhere")
        with pytest.raises(QueueNotFound):
            actors.nothing.broker.enqueue(message)


class TestSilence:
    def test_an_actor_says_that_its_jobs_are_silenced(self):
        actors.ticks.send()
        actors.nothing.send(1)
        assert list(Job.objects.order_by("id").values_list("silenced", flat=True)) == [True, False]

    def test_tags_can_be_silenced_by_name_and_by_beginning(self, monkeypatch):
        monkeypatch.setattr(queue_settings, "SILENCED_TAGS", ("call:7", "ping:*"))
        for tag in ("call:7", "call:77", "ping:a", "xping:a"):
            actors.nothing.send_with_options(args=(1,), tags=("other", tag))
        assert list(Job.objects.order_by("id").values_list("silenced", flat=True)) == [True, False, True, False]


class TestWaking:
    def test_it_makes_a_released_job_ready_by_its_tag(self):
        actors.waits.send(call_id=1)
        actors.waits.send(call_id=2)
        assert run_jobs() == [("waits", "released"), ("waits", "released")]
        assert wake(actors.waits, "call:2") == 1
        assert list(Job.objects.filter(status="queued").values_list("tags", flat=True)) == [["call:2"]]

    def test_it_leaves_a_job_that_waits_for_its_lock(self):
        actors.alone.send(key="a")
        Job.objects.update(status="released", tags=["call:1"])
        assert enqueue.wake("alone", "call:1") == 0


class TestRetrying:
    def test_a_dead_job_runs_again_with_its_id_and_history(self):
        actors.last_chance.send()
        run_jobs()
        job = Job.objects.get()
        assert job.status == Job.Status.DEAD
        assert interventions.retry(job.pk)
        assert run_jobs() == [("last_chance", "dead")]
        assert list(job.attempts.order_by("claim_no").values_list("claim_no", "outcome")) == [
            (1, "failed"),
            (2, "failed"),
        ]

    def test_it_gives_as_many_tries_as_asked_for(self):
        actors.last_chance.send()
        run_jobs()
        assert interventions.retry(Job.objects.get().pk, tries=3)
        statuses = [status for _ in range(3) for _, status in run_jobs(due_or_not=True)]
        assert statuses == ["retrying", "retrying", "dead"]

    def test_it_does_nothing_to_a_job_that_is_not_dead(self):
        actors.nothing.send(1)
        run_jobs()
        assert not interventions.retry(Job.objects.get().pk)
        assert Job.objects.get().status == Job.Status.COMPLETED

    def test_the_second_of_two_clicks_does_nothing(self):
        actors.last_chance.send()
        run_jobs()
        job = Job.objects.get()
        assert (interventions.retry(job.pk), interventions.retry(job.pk)) == (True, False)


class TestCancelling:
    def test_a_waiting_job_is_cancelled_for_good(self):
        actors.nothing.send_with_options(args=(1,), delay=1000)
        assert interventions.cancel(Job.objects.get().pk)
        assert run_jobs(due_or_not=True) == []
        assert Job.objects.get().status == Job.Status.CANCELLED

    def test_a_finished_job_stays_as_it_is(self):
        actors.nothing.send(1)
        run_jobs()
        assert not interventions.cancel(Job.objects.get().pk)


def test_sent_lists_the_arguments_of_unfinished_jobs():
    actors.tagged.send(call_id=1)
    actors.tagged.send(call_id=2)
    assert sent(actors.tagged) == [{"call_id": 1}, {"call_id": 2}]
    run_jobs()
    assert sent(actors.tagged) == []


def test_a_thousand_and_one_jobs_take_two_statements_and_a_look_at_the_clock(django_assert_num_queries):
    with django_assert_num_queries(3):
        actors.nothing.broker.send_many([actors.nothing.message(number) for number in range(1001)])
    assert Job.objects.count() == 1001


def test_a_send_costs_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        actors.tagged.send(call_id=1)
    with django_assert_num_queries(1):
        chain([actors.tagged.message(call_id=1), actors.nothing.message()]).send()


def test_the_clock_of_postgresql_dates_a_row_within_a_long_transaction():
    with connection.cursor() as cursor:
        cursor.execute("SELECT now(), pg_sleep(0.05)")
        (begin, _) = cursor.fetchone()
    actors.nothing.send(1)
    assert (Job.objects.get().ready_at - begin).total_seconds() >= 0.05
