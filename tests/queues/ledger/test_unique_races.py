"""Two senders of one unique key at the same moment, while its copy runs or has ended."""

import threading
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction

from askpro.queues import ids, send_many
from askpro.queues.chores import promotion
from askpro.queues.ledger import enqueue, unique
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.models import Job, UniqueKey
from tests.queues import actors
from tests.queues.queues_run import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

WAITS_FOR_A_LOCK = """
SELECT 1 FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%queues_uniquekey%'
"""


class Sender(threading.Thread):
    """Sends one copy from a session of its own."""

    sent = ""

    def run(self) -> None:
        self.sent = actors.unique.send(company_id=1).message_id
        connection.close()


def waits() -> bool:
    with connection.cursor() as cursor:
        # A transaction keeps seeing the activity of all sessions as it was at its first look.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITS_FOR_A_LOCK)
        return cursor.fetchone() is not None


def begin_to_send() -> None:
    """What `send` does first."""
    with connection.cursor() as cursor:
        cursor.execute(unique.TAKE, ["sync:1", str(ids.uuid7())])
        assert cursor.fetchone() is None


def test_only_one_of_two_copies_sent_beside_a_running_one_waits(transactional_db):
    actors.unique.send(company_id=1)
    Job.objects.update(status="processing")
    second = Sender()
    with transaction.atomic():
        begin_to_send()
        second.start()
        assert wait_until(waits, 5)
        first = actors.unique.send(company_id=1).message_id
    second.join()
    assert [str(job_id) for (job_id,) in Job.objects.filter(status="queued").values_list("pk")] == [first]
    assert str(UniqueKey.objects.get().job_id) == first


def test_the_sweep_leaves_a_key_that_is_about_to_be_taken_over(transactional_db):
    actors.unique.send(company_id=1)
    Job.objects.update(status="completed")
    database = EngineConnection()
    try:
        with transaction.atomic():
            begin_to_send()
            promotion.sweep_unique_keys(database)
            assert UniqueKey.objects.count() == 1
            sent = actors.unique.send(company_id=1).message_id
    finally:
        database.close()
    assert str(UniqueKey.objects.get().job_id) == sent


def test_a_key_is_taken_together_with_its_job_outside_of_a_transaction_too(transactional_db):
    job = actors.unique.new_job(actors.unique.message(company_id=1))
    with pytest.raises(DatabaseError):
        enqueue.insert([replace(job, queue_name="x" * 60)])
    assert not UniqueKey.objects.exists()


def test_two_senders_of_the_same_keys_do_not_wait_for_each_other_in_a_circle(transactional_db):
    """The second asks for its keys in the opposite order, while the first holds one and will ask for the other."""
    errors = []

    def send_backwards() -> None:
        try:
            send_many([actors.unique.message(company_id=number) for number in (2, 1)])
        except DatabaseError as error:
            errors.append(error)
        finally:
            connection.close()

    second = threading.Thread(target=send_backwards)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(unique.TAKE, ["sync:1", str(ids.uuid7())])
        second.start()
        assert wait_until(waits, 5)
        send_many([actors.unique.message(company_id=number) for number in (1, 2)])
    second.join()
    assert not errors
    assert Job.objects.count() == 2


def test_copies_that_are_sent_together_are_one_that_comes_as_soon_as_the_soonest(transactional_db):
    broker = actors.unique.broker
    first, second = actors.unique.message(company_id=1), actors.unique.message(company_id=1)
    standing = broker.send_many([first, second], delay=60_000)
    assert standing == {second.message_id: first.message_id}
    assert [str(job.pk) for job in Job.objects.all()] == [first.message_id]


def test_a_key_that_is_taken_over_while_it_is_swept_stays(transactional_db):
    actors.unique.send(company_id=1)
    Job.objects.update(status="completed")
    # The sweep has seen that the job is over; it is held up before it locks the key.
    slow = unique.SWEEP.replace("AS standing\n      JOIN over", "AS standing CROSS JOIN pg_sleep(1)\n      JOIN over")
    assert slow != unique.SWEEP
    database = EngineConnection()
    sweep = threading.Thread(target=database.rows, args=(slow,))
    sweep.start()
    assert wait_until(sleeps, 5)
    message = actors.unique.send(company_id=1)
    sweep.join()
    database.close()
    assert str(UniqueKey.objects.get().job_id) == message.message_id


def sleeps() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
        return cursor.fetchone() is not None
