"""Pipelines and groups say where to go instead, before anything is written."""

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker

from askpro.queues.composition import NotSupported
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
