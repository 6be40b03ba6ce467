"""What happens to a host is noted about that host, or about the group of workers on it, from its begin to its end."""

from collections.abc import Iterator

import pytest

from askpro.queues.chores.process import Chores
from askpro.queues.fleet.host import hostname
from askpro.queues.models import FleetEvent, Supervisor
from askpro.queues.processes.link import Died, Link, Recycled, Restarted, RestartTrouble, Trouble, Well, Word

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def supervisor() -> Supervisor:
    return Supervisor.objects.create(host=hostname(), pid=1, process_started_at=0.0, environment="testing")


@pytest.fixture
def chores(supervisor: Supervisor) -> Iterator[Chores]:
    forker, link = Link.pair()
    yield Chores(supervisor.pk, [], link)
    forker.close()
    link.close()


@pytest.mark.parametrize(
    ("said", "kind", "about"),
    [
        (Trouble("high", "exit code 1"), "start_trouble", "high on "),
        (Well("high"), "start_well", "high on "),
        (RestartTrouble("exit code 1"), "restart_trouble", ""),
        (Restarted(), "restarted", ""),
        (Recycled("low", "holds 131 MB of 128 MB"), "recycled", "low on "),
        (Died(1, "high", 7, cause="stuck"), "worker_stuck", "high on "),
    ],
)
def test_an_event_names_its_workers_and_their_host(
    chores: Chores, supervisor: Supervisor, said: Word, kind: str, about: str
) -> None:
    chores._hear(said)
    chores._recover()
    chores._beat()
    event = FleetEvent.objects.get()
    assert (event.kind, event.about, event.supervisor_id) == (kind, f"{about}{hostname()}", supervisor.pk)


def test_a_host_that_beats_again_is_named_as_when_it_fell_silent(chores: Chores, supervisor: Supervisor) -> None:
    Supervisor.objects.filter(pk=supervisor.pk).update(status="dead")
    chores._beat()
    assert FleetEvent.objects.get(kind="supervisor_back").about == hostname()
