"""A wrong composition raises before anything is written, and the error says what to write instead."""

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker

from askpro.queues import Batch, chain, send_many
from askpro.queues.jobs.messages import NotSupported
from askpro.queues.models import Batch as Row
from askpro.queues.models import Job
from tests.queues.actors import nothing, step

pytestmark = pytest.mark.django_db


def test_a_pipe_between_messages_is_refused():
    with pytest.raises(NotSupported, match=r"chain\("):
        nothing.message(1) | step.message("after")


@pytest.mark.parametrize("kind", [dramatiq.group, dramatiq.pipeline])
def test_it_refuses_to_run_them(kind):
    with pytest.raises(NotSupported, match=r"Batch\(") as refusal:
        kind([nothing.message(1), nothing.message(2)]).run()
    assert kind.__name__ in str(refusal.value)
    assert not Job.objects.exists()


def test_another_broker_keeps_its_own():
    broker = StubBroker()
    broker.declare_queue("default")
    dramatiq.group([nothing.message(1)], broker=broker).run()
    assert broker.queues["default"].qsize() == 1


class TestMisuse:
    @pytest.mark.parametrize(
        ("build", "said"),
        [
            (lambda: Batch([step]), r"write step\.message\(…\)"),
            (lambda: Batch([Batch([])]), "not Batch"),
            (lambda: Batch([chain([nothing.message(1)])]), "not Chain"),
            (lambda: Batch(nothing.message(1)), "put it into a list"),
            (lambda: Batch([], on_finish=step), r"write step\.message\(…\)"),
            (lambda: chain([[nothing.message(1)]]), r"write Batch\(\[…\]\)"),
            (lambda: chain(nothing.message(1)), "put it into a list"),
            (lambda: chain([nothing.message(1)], catch=step), r"write step\.message\(…\)"),
            (lambda: send_many([step]), r"write step\.message\(…\)"),
        ],
    )
    def test_what_is_no_message_is_refused_with_the_fix(self, build, said):
        with pytest.raises(TypeError, match=said):
            build()

    @pytest.mark.parametrize("build", [Batch, chain, send_many])
    def test_the_same_message_twice_is_refused(self, build):
        with pytest.raises(ValueError, match="twice"):
            build([nothing.message(1)] * 2)

    def test_an_empty_chain_inside_a_batch_is_refused(self):
        with pytest.raises(ValueError, match="empty list"):
            Batch([[]])

    def test_a_name_of_any_kind_can_be_stored(self):
        Batch(name="\x00" + "x" * 300).send()
        assert len(Row.objects.get().name) == 200
