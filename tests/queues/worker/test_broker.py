"""The broker that Dramatiq sees."""

from itertools import permutations
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import dramatiq
import pytest
from django_dramatiq.middleware import AdminMiddleware
from dramatiq import Middleware, get_broker
from dramatiq.errors import ActorNotFound, QueueJoinTimeout, QueueNotFound
from dramatiq.middleware import (
    AgeLimit,
    AsyncIO,
    Callbacks,
    CurrentMessage,
    GroupCallbacks,
    MiddlewareError,
    Pipelines,
    Retries,
)

from askpro.queues import Batch, chain
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from askpro.queues.worker.broker import LedgerBroker
from askpro.queues.worker.message import LedgerMessage
from tests.queues import actors


class Forks(Middleware):
    """Wants a process of its own, as Dramatiq's `Prometheus` does."""

    @property
    def forks(self):
        return [print]


REFUSED = [
    (Retries(), "settle retries"),
    (Callbacks(), "settle sends on_success"),
    (Pipelines(), "use chain"),
    (GroupCallbacks(None), "use Batch"),
    (AgeLimit(), "expires or deadline"),
    (AsyncIO(), "async_to_sync"),
    (AdminMiddleware(), "the ledger keeps"),
    (Forks(), "queues_run starts no processes"),
]


@pytest.mark.parametrize(("middleware", "cure"), REFUSED, ids=lambda item: type(item).__name__)
def test_it_refuses_middleware_that_would_do_nothing_or_do_it_twice(middleware, cure):
    name = type(middleware).__name__
    with pytest.raises(ValueError, match=f"{name} has no place here: .*{cure}"):
        LedgerBroker(middleware=[CurrentMessage(), middleware])
    with pytest.raises(ValueError, match=f"{name} has no place here"):
        LedgerBroker().add_middleware(middleware)


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


@pytest.mark.django_db
class TestFlushing:
    def test_what_has_not_begun_is_cancelled_and_what_runs_goes_on(self):
        running, waiting = actors.nothing.send(1), actors.nothing.send(2)
        other = actors.tagged.send(call_id=1)
        Job.objects.filter(pk=running.message_id).update(status="processing", worker_id=1)
        get_broker().flush("default")
        found = dict(Job.objects.values_list("id", "status"))
        states = [found[UUID(message.message_id)] for message in (running, waiting, other)]
        assert states == ["processing", "cancelled", "queued"]

    def test_all_queues_are_empty_afterwards_whatever_follows_from_the_jobs(self):
        callback = actors.in_webhooks.message()
        Batch([actors.nothing.message(1)], on_failure=callback, on_finish=actors.tagged.message(call_id=1)).send()
        chain([actors.nothing.message(2), actors.in_webhooks.message()], catch=actors.step.message(name="no")).send()
        actors.nothing.send_with_options(args=(3,), delay=10**6)
        get_broker().flush_all()
        assert {*Job.objects.values_list("status", flat=True)} == {"cancelled"}
        assert run_jobs(due_or_not=True) == []

    def test_a_queue_that_nobody_declared_is_no_queue(self):
        for wait in (get_broker().flush, get_broker().join):
            with pytest.raises(QueueNotFound):
                wait("nowhere")


class TestJoining:
    @pytest.mark.django_db
    def test_inside_a_transaction_it_would_wait_for_ever(self):
        with pytest.raises(RuntimeError, match=r"run_jobs\(\)"):
            get_broker().join("default")

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("status", ["queued", "processing", "scheduled", "retrying", "released"])
    def test_it_waits_while_a_job_waits_or_runs(self, status):
        job = actors.nothing.send(1)
        actors.tagged.send(call_id=1)
        Job.objects.filter(pk=job.message_id).update(status=status)
        with pytest.raises(QueueJoinTimeout):
            get_broker().join("default", timeout=1, interval=1)
        Job.objects.filter(pk=job.message_id).update(status="dead")
        get_broker().join("default", timeout=1)


class Noting(Middleware):
    """Hears whatever a subclass has a hook for."""

    def __init__(self) -> None:
        self.heard: list[Any] = []


class Before(Noting):
    def before_process_message(self, broker, message):
        self.heard.append(("before", message))


class Both(Before):
    def after_process_message(self, broker, message, *, result=None, exception=None):
        self.heard.append(("after", message, result))


class Fails(Both):
    def before_process_message(self, broker, message):
        super().before_process_message(broker, message)
        raise RuntimeError

    def after_process_message(self, broker, message, *, result=None, exception=None):
        super().after_process_message(broker, message)
        raise RuntimeError


class Stops(Before):
    def before_process_message(self, broker, message):
        super().before_process_message(broker, message)
        raise MiddlewareError


class Foreign:
    """No subclass of Dramatiq's; what it does not have is logged by Dramatiq."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def before_process_message(self, broker, message):
        self.heard.append(("foreign", message))


def own_hook():
    """A hook of one middleware alone, not of its class."""
    middleware = Noting()
    middleware.before_process_message = lambda broker, message: middleware.heard.append(("own", message))
    return middleware


MIDDLEWARE = {"nothing": Noting, "before": Before, "both": Both, "fails": Fails, "foreign": Foreign, "own": own_hook}


def heard_by(broker, names):
    """What the middleware of these names hear in their order, when the last comes late and the first goes early."""
    heard: list[Any] = []
    *first, last = ({**MIDDLEWARE, "stops": Stops}[name]() for name in names)
    for middleware in (*first, last):
        middleware.heard = heard
    broker.middleware, broker.logger = first, SimpleNamespace(critical=lambda *_, **__: heard.append("failed"))
    for change in (lambda: None, lambda: broker.middleware.append(last), lambda: broker.middleware.pop(0)):
        change()
        try:
            broker.emit_before("process_message", "m")
            broker.emit_after("process_message", "m", result=1)
            broker.emit_after("ack", "m")
        except MiddlewareError:
            heard.append("stopped")
    return heard


@pytest.mark.parametrize(
    "names", [*permutations(MIDDLEWARE, 3), ("before", "stops", "both"), ("stops", "fails", "own")]
)
def test_every_middleware_hears_what_it_hears_of_dramatiqs_own_brokers(names):
    assert heard_by(LedgerBroker(), names) == heard_by(dramatiq.Broker(middleware=[]), names)


def test_a_message_answers_for_itself_what_is_asked_of_it_in_each_run():
    message = actors.nothing.message(1, tag="a")
    proxy = LedgerMessage(message, None)
    for name in ("queue_name", "actor_name", "message_id", "args", "kwargs", "options"):
        assert vars(proxy)[name] is getattr(message, name)
    assert proxy.message_timestamp == message.message_timestamp
