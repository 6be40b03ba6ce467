"""The broker that Dramatiq sees."""

import pytest
from dramatiq import get_broker
from dramatiq.errors import ActorNotFound, QueueNotFound
from dramatiq.middleware import Callbacks, CurrentMessage, Pipelines, Retries

from askpro.queues.models import Job
from askpro.queues.worker.broker import LedgerBroker
from tests.queues import actors


@pytest.mark.parametrize("middleware", [Retries(), Callbacks(), Pipelines()], ids=lambda item: type(item).__name__)
def test_it_refuses_middleware_whose_work_settle_does(middleware):
    with pytest.raises(ValueError, match=f"{type(middleware).__name__} has no place here"):
        LedgerBroker(middleware=[CurrentMessage(), middleware])


def test_it_brings_none_of_dramatiqs_own_middleware_along():
    assert LedgerBroker().middleware == []


def test_the_products_broker_is_this_one_and_notes_starts_first():
    broker = get_broker()
    assert isinstance(broker, LedgerBroker)
    assert type(broker.middleware[0]).__name__ == "StartOfJobs"


def test_a_process_that_works_no_queues_cannot_consume():
    with pytest.raises(RuntimeError, match="queues_run"):
        LedgerBroker().consume("default")


@pytest.mark.django_db
class TestEnqueueing:
    def test_many_messages_are_written_together_or_not_at_all(self):
        good, bad = actors.nothing.message(1), actors.nothing.message(2).copy(queue_name="nowhere")
        with pytest.raises(QueueNotFound):
            get_broker().send_many([good, bad])
        assert not Job.objects.exists()

    def test_a_message_to_nobody_is_refused(self):
        with pytest.raises(ActorNotFound):
            get_broker().enqueue(actors.nothing.message(1).copy(actor_name="nobody"))

    def test_no_messages_are_no_statement(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            get_broker().send_many([])

    def test_a_message_that_is_sent_twice_is_refused_and_not_run_twice(self):
        from django.db import IntegrityError, transaction

        message = actors.nothing.send(1)
        with pytest.raises(IntegrityError), transaction.atomic():
            get_broker().enqueue(message)
        assert Job.objects.count() == 1
