"""A queue's consumer: what it takes from Redis, what it finds by age, what it gives back."""

import time
from unittest.mock import Mock

import psycopg2
import pytest
from django.db import connection
from dramatiq import Worker as DramatiqWorker
from dramatiq import get_broker
from dramatiq.errors import BrokerConnectionError

from askpro.queues.ledger import hints, locks
from askpro.queues.models import Attempt, Job, Lock, Worker
from askpro.queues.worker.consumer import LedgerConsumer
from askpro.queues.worker.workload import Workload
from tests.queues import actors
from tests.queues.queues_run import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes, pytest.mark.also_without_redis]


@pytest.fixture
def workload(transactional_db):
    row = Worker.objects.create(pool="test", host="here", pid=1)
    work = Workload(row.pk, threads=1, code_version="v1")
    # Its runs so far were short, so that some more may wait here.
    for _ in range(1000):
        work.pace.ran(0.0001)
    yield work
    # Its thread that looks for cancelled jobs would run for ever, with its own session.
    work.stopping = True
    work.finish()


@pytest.fixture
def consumer(workload):
    made = LedgerConsumer(get_broker(), workload, "default", timeout=50)
    yield made
    made.close()


def take(consumer, most=1000):
    """All messages, until there are none."""
    messages = []
    while len(messages) < most and (message := next(consumer)) is not None:
        messages.append(message)
    return messages


def finish(consumer, message, error=None):
    if error is not None:
        message.stuff_exception(error)
    consumer.ack(message)


def statuses():
    return list(Job.objects.order_by("id").values_list("status", flat=True))


class TestTaking:
    @pytest.mark.about_redis
    def test_it_takes_what_redis_hints_at(self, consumer):
        consumer._intake._repair_at = time.monotonic() + 60
        sent = [actors.nothing.send(number).message_id for number in range(5)]
        assert [message.message_id for message in take(consumer)] == sent
        assert statuses() == ["processing"] * 5

    def test_it_finds_by_age_what_redis_lost(self, consumer, redis_client):
        sent = [actors.nothing.send(number).message_id for number in range(5)]
        redis_client.flushdb()
        assert [message.message_id for message in take(consumer)] == sent

    def test_it_goes_on_by_age_while_that_finds_full_batches(self, consumer, workload, redis_client):
        get_broker().send_many([actors.nothing.message(number) for number in range(300)])
        redis_client.flushdb()
        began = time.monotonic()
        done = 0
        while done < 300 and time.monotonic() - began < 10:
            if (message := next(consumer)) is not None:
                finish(consumer, message)
                done += 1
        took = time.monotonic() - began
        print(f"\n300 jobs that Redis had lost were taken in {took * 1000:.0f} ms")
        assert done == 300
        assert took < 1.4  # less than the pause between two repairs

    def test_rubbish_in_redis_is_ignored(self, consumer, redis_client):
        consumer._intake._repair_at = time.monotonic() + 60
        redis_client.rpush(hints.key("default"), "x" * 36, b"\xff" * 36, "", "{}", '"', "\x00" * 36, "," * 36)
        message = actors.nothing.send(1)
        assert [taken.message_id for taken in take(consumer)] == [message.message_id]

    def test_a_key_of_another_kind_in_redis_is_survived(self, consumer, redis_client):
        redis_client.set(hints.key("default"), "no list")
        message = actors.nothing.send(1)
        consumer._intake._repair_at = time.monotonic() + 60
        assert [taken.message_id for taken in take(consumer)] == [message.message_id]

    def test_it_leaves_jobs_of_other_queues(self, consumer, redis_client):
        message = actors.tagged.send(call_id=1)
        redis_client.rpush(hints.key("default"), message.message_id)
        assert take(consumer) == []
        assert statuses() == ["queued"]

    def test_a_job_past_its_deadline_dies_without_a_run(self, consumer):
        actors.nothing.send(1)
        Job.objects.update(deadline_at="2020-01-01T00:00Z")
        assert take(consumer) == []
        assert wait_until(lambda: statuses() == ["dead"], 2)
        assert Job.objects.get().error_class == "DeadlineExceeded"
        assert not Attempt.objects.exists()

    def test_it_says_so_when_postgresql_is_away(self, consumer, workload, monkeypatch):
        with monkeypatch.context() as away:
            away.setattr(workload.database, "_connected", refuse)
            assert next(consumer) is None
            with pytest.raises(BrokerConnectionError):
                next(consumer)

    def test_it_goes_on_at_once_when_only_its_session_was_ended(self, consumer, workload):
        for number in range(3):
            ((pid,),) = workload.database.rows("SELECT pg_backend_pid()")
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
            actors.nothing.send(number)
            message = next(consumer) or next(consumer)
            finish(consumer, message)
        assert wait_until(lambda: statuses() == ["completed"] * 3, 2)


def refuse():
    raise psycopg2.OperationalError("connection refused")


class TestLocks:
    def test_only_the_first_of_a_key_is_handed_over(self, consumer):
        for number in range(3):
            actors.alone.send(key="a", number=number)
        assert [message.kwargs["number"] for message in take(consumer)] == [0]
        assert wait_until(lambda: statuses() == ["processing", "released", "released"], 2)
        assert set(Job.objects.exclude(status="processing").values_list("release_reason", "tries_spent")) == {
            ("waits for its lock", 0)
        }

    @pytest.mark.parametrize("error", [psycopg2.OperationalError(), psycopg2.DataError()])
    def test_claims_go_back_when_the_locks_cannot_be_taken(self, consumer, monkeypatch, error):
        actors.alone.send(key="a")
        monkeypatch.setattr(locks, "acquire", Mock(side_effect=error))
        with pytest.raises(type(error)):
            consumer._intake.take(0.1)
        assert wait_until(lambda: statuses() == ["queued"], 2)

    def test_a_given_back_job_holds_its_key_no_more(self, consumer, workload):
        actors.alone.send(key="a")
        (message,) = take(consumer)
        assert Lock.objects.exists()
        workload.give_back([message.claim])
        assert wait_until(lambda: not Lock.objects.exists(), 2)


class TestGivingBack:
    def test_what_waits_behind_a_busy_thread_is_given_back_soon(self, consumer, workload):
        for number in range(8):
            actors.nothing.send(number)
        self.start_the_first(consumer, workload, 8)
        began = time.monotonic()
        while Job.objects.filter(status="queued").count() < 7 and time.monotonic() - began < 3:
            assert next(consumer) is None
        took = time.monotonic() - began
        print(f"\n7 jobs behind a slow one were given back after {took * 1000:.0f} ms")
        assert took < 0.8
        assert statuses() == ["processing"] + ["queued"] * 7
        assert set(Job.objects.values_list("tries_spent", "releases")) == {(0, 0)}

    def test_what_would_wait_long_is_given_back_although_jobs_end(self, consumer, workload):
        for number in range(20):
            actors.nothing.send(number)
        self.start_the_first(consumer, workload, 20)
        for _ in range(20):
            # Each of these would keep the only thread for almost as long as a job may that is not called slow.
            workload.pace.ran(0.15)
        assert next(consumer) is None
        assert statuses() == ["processing"] * 20
        for _ in range(60):
            workload.pace.ran(0.15)
        workload._last_move = time.monotonic()
        assert next(consumer) is None
        assert wait_until(lambda: statuses() == ["processing"] + ["queued"] * 19, 2)

    def start_the_first(self, consumer, workload, count):
        """Claim so many, and let the only thread begin one of them."""
        messages = [next(consumer) for _ in range(count)]
        workload.starting(messages[0].claim, 60)
        worker = DramatiqWorker(get_broker(), queues=set(), worker_threads=1)
        workload.attach(worker)
        for message in messages[1:]:
            worker.work_queue.put(type("Item", (), {"message": message, "__lt__": lambda *_: False})())

    def test_a_stopping_process_takes_nothing_and_gives_everything_back(self, consumer, workload):
        for number in range(5):
            actors.nothing.send(number)
        assert next(consumer) is not None
        workload.stopping = True
        assert next(consumer) is None
        assert wait_until(lambda: Job.objects.filter(status="queued").count() == 4, 2)

    def test_a_closed_consumer_keeps_nothing(self, consumer):
        for number in range(5):
            actors.nothing.send(number)
        next(consumer)
        consumer.close()
        assert wait_until(lambda: Job.objects.filter(status="queued").count() == 4, 2)


class TestSettling:
    @pytest.mark.parametrize(("error", "status"), [(None, "completed"), (ValueError("no"), "retrying")])
    def test_the_outcome_is_read_inside_ack_and_nack(self, consumer, error, status):
        for end in (consumer.ack, consumer.nack):
            actors.nothing.send(1)
            (message,) = take(consumer)
            if error:
                message.stuff_exception(error)
            end(message)
            message.clear_exception()
        assert wait_until(lambda: statuses() == [status, status], 2)
