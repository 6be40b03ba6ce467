"""What happens around each job."""

import threading
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from dramatiq import get_broker
from dramatiq.middleware import TimeLimitExceeded

from askpro.queues.models import Job
from askpro.queues.worker.middleware import DatabaseConnections, NotStarted, StartOfJobs
from tests.queues import actors

pytestmark = pytest.mark.django_db(transaction=True)


def in_a_thread(function):
    """The result of a function in a thread of its own, with connections of its own."""
    results = []

    def work():
        try:
            results.append(function())
        except Exception as error:  # noqa: BLE001 - handed to the test
            results.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return results[0]


def test_a_thread_that_was_interrupted_inside_a_transaction_can_connect_again():
    def interrupted():
        # The state that an interrupt between the first and the last line of `atomic` leaves.
        transaction.atomic().__enter__()
        DatabaseConnections().after_process_message(get_broker(), None, exception=TimeLimitExceeded())
        actors.nothing.send(1)
        return connection.in_atomic_block

    assert in_a_thread(interrupted) is False
    assert Job.objects.count() == 1


def test_a_connection_whose_autocommit_a_job_switched_off_is_not_used_again(effects):
    def careless():
        connection.set_autocommit(False)
        actors.effect("never committed")
        DatabaseConnections().before_process_message(get_broker(), None)
        actors.nothing.send(2)
        return connection.get_autocommit()

    assert in_a_thread(careless) is True
    assert [job.args for job in Job.objects.all()] == [[2]]
    assert effects() == []


def test_a_job_whose_start_cannot_be_noted_does_not_run(monkeypatch):
    class Broken:
        def is_ours(self, claim):
            return True

        def starting(self, claim, limit):
            raise OSError

    message = type("Message", (), {"claim": SimpleNamespace(), "actor_name": "nothing", "options": {}})()
    monkeypatch.setattr(get_broker(), "workload", Broken())
    with pytest.raises(NotStarted):
        StartOfJobs().before_process_message(get_broker(), message)
