"""A middleware written for Dramatiq hears here what it hears there; its `Results` keep a failure's class only."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import dramatiq
import pytest
from django.db import transaction
from dramatiq import Message, Middleware, Worker
from dramatiq.middleware import CurrentMessage, SkipMessage
from dramatiq.results import Results
from dramatiq.results.backends import StubBackend
from dramatiq.results.errors import ResultFailure, ResultMissing

from askpro.queues import Batch, Gone, Rejected, Release, chain
from askpro.queues.models import Job
from askpro.queues.models import Worker as Row
from askpro.queues.worker.broker import LedgerBroker
from askpro.queues.worker.middleware import StartOfJobs
from askpro.queues.worker.workload import Workload
from tests.queues import actors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes]

# Hooks that this broker has no occasion for: no delay is kept in a worker, and there are no queues of delays.
NEVER = {"before_delay_message", "after_declare_delay_queue"}
HOOKS = {name for name in vars(Middleware) if name.startswith(("before_", "after_"))}
SECRET = "Frau Zeisig, 0151 1234567"


class Recorder(Middleware):
    """Notes each hook, and the message that it is about."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def about(self, message_id: str) -> list[str]:
        return [hook for hook, about in self.heard if about == message_id]


def _noting(hook: str) -> Callable[..., None]:
    def note(self: Recorder, broker: object, *about: Any, **more: Any) -> None:
        self.heard.append((hook, getattr(about[0], "message_id", "") if about else ""))

    return note


for name in HOOKS:
    setattr(Recorder, name, _noting(name))


class Bouncer(Middleware):
    """Does what middleware may do with a message: skip it, reject it, or both."""

    def before_process_message(self, broker: object, message: Any) -> None:
        if message.options.get("rejected"):
            message.fail()
        if message.options.get("skipped"):
            raise SkipMessage("not today")


class Stamps(Middleware):
    """Writes into each message that is sent, as tracing does."""

    @property
    def actor_options(self) -> set[str]:
        return {"stamp", "rejected", "skipped"}

    def before_enqueue(self, broker: object, message: Message[Any], delay: int | None) -> None:
        message.options.setdefault("stamp", "ours")


class Place:
    """A broker with this middleware, its worker, and the jobs of these tests."""

    def __init__(self) -> None:
        self.recorder, self.backend = Recorder(), StubBackend()
        results = Results(backend=self.backend, store_results=True)
        middleware = [StartOfJobs(), CurrentMessage(), self.recorder, Bouncer(), Stamps(), results]
        self.broker = LedgerBroker(middleware=middleware)
        self.options: list[dict[str, Any]] = []

        @dramatiq.actor(broker=self.broker, max_retries=1, min_backoff=1, max_backoff=1, throws=actors.Expected)
        def job(end: str = "returned") -> str:
            self.options.append(dict(CurrentMessage.get_current_message().options))  # type: ignore[union-attr]
            errors = {"failed": KeyError(SECRET), "expected": actors.Expected(SECRET), "gone": Gone(SECRET)}
            ends = {**errors, "rejected": Rejected(SECRET), "released": Release(60, "later")}
            if end in ends:
                raise ends[end]
            return end

        self.job = job
        row = Row.objects.create(pool="test", host="here", pid=1)
        self.workload = self.broker.workload = Workload(row.pk, threads=1, code_version="v1")
        self.broker.emit_after("process_boot")
        self.worker = Worker(self.broker, worker_threads=1, worker_timeout=50)
        self.workload.attach(self.worker)
        self.worker.start()

    def run(self, *args: Any, **options: Any) -> Message[Any]:
        """The message of a job that has run to its end; a retry runs at once."""
        with transaction.atomic():  # so that no hook of the run comes before the last one of the sending
            message = self.job.send_with_options(args=args, **options)
        for _ in range(2):
            self.join()
            Job.objects.filter(status="retrying").update(status="queued", run_at=None)
        self.join()
        return message

    def join(self) -> None:
        while Job.objects.filter(status__in=("queued", "processing")).exists():
            pass

    def result(self, message: Message[Any]) -> Any:
        return message.get_result(backend=self.backend, block=True, timeout=5000)

    def close(self) -> None:
        self.worker.stop()
        self.workload.stopping = True
        self.workload.finish()


@pytest.fixture
def place(transactional_db: None) -> Iterator[Place]:
    made = Place()
    yield made
    made.close()


def status(message: Message[Any]) -> str:
    return Job.objects.get(pk=message.message_id).status


def test_every_hook_is_heard_but_those_that_have_no_occasion(place: Place) -> None:
    place.run()
    place.run(skipped=True)
    place.run("rejected")
    place.close()
    heard = {hook for hook, _ in place.recorder.heard}
    assert heard == HOOKS - NEVER


def test_one_message_is_told_of_in_dramatiqs_order(place: Place) -> None:
    done, failed = place.run(), place.run("failed")
    run = ["before_process_message", "after_process_message"]
    sent, acked = ["before_enqueue", "after_enqueue"], ["before_ack", "after_ack"]
    nacked = ["before_nack", "after_nack"]
    assert place.recorder.about(done.message_id) == [*sent, *run, *acked]
    # The engine itself puts it back for its retry: nobody sends it again.
    assert place.recorder.about(failed.message_id) == [*sent, *run, *acked, *run, *nacked]


@pytest.mark.parametrize("end", ["failed", "expected", "gone", "rejected"])
def test_of_a_failure_results_keep_the_class_only(place: Place, end: str) -> None:
    message = place.run(end)
    with pytest.raises(ResultFailure) as failure:
        place.result(message)
    names = {"failed": "KeyError", "expected": "Expected", "gone": "Gone", "rejected": "Rejected"}
    assert (failure.value.orig_exc_type, failure.value.orig_exc_msg) == (names[end], "")
    assert SECRET not in str(place.backend.results) and place.backend.results


def test_a_success_has_its_result_and_what_waits_has_none(place: Place) -> None:
    assert place.result(place.run("this")) == "this"
    waiting = place.run("released")
    with pytest.raises(ResultMissing):
        waiting.get_result(backend=place.backend)


def test_a_message_that_middleware_skips_is_done_and_one_that_it_rejects_is_dead(place: Place) -> None:
    assert status(place.run(skipped=True)) == "completed"
    assert status(place.run(rejected=True)) == "dead"
    both = place.run(rejected=True, skipped=True)
    assert Job.objects.get(pk=both.message_id).tries_spent == 1
    assert status(both) == "dead"
    assert place.options == []


def test_a_job_knows_how_often_it_was_retried(place: Place) -> None:
    place.run("failed")
    assert [options.get("retries", 0) for options in place.options] == [0, 1]


def test_middleware_writes_into_what_is_sent_alone_in_a_chain_and_in_a_batch(place: Place) -> None:
    nothing = dramatiq.actor(actors.nothing.fn, broker=place.broker, actor_name="nothing_here")
    assert nothing.message(1).options == {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dramatiq.broker, "global_broker", place.broker)
        place.broker.send_many([nothing.message(1), nothing.message_with_options(args=(2,), stamp="its own")])
        chain([nothing.message(3), nothing.message(4)]).send()
        Batch([nothing.message(5)]).send()
    place.join()
    stamps = Job.objects.filter(actor_name="nothing_here").order_by("args").values_list("options__stamp", flat=True)
    assert [*stamps] == ["ours", "its own", "ours", "ours", "ours"]


@pytest.mark.parametrize(("end", "level"), [("expected", "INFO"), ("rejected", "ERROR")])
def test_an_error_that_throws_names_is_no_alarm(
    place: Place, caplog: pytest.LogCaptureFixture, end: str, level: str
) -> None:
    with caplog.at_level(logging.INFO, logger="askpro.queues"):
        place.run(end)
    assert [record.levelname for record in caplog.records if "dead after" in record.getMessage()] == [level]
    assert SECRET not in caplog.text
