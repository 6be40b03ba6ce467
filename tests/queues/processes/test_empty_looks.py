"""One worker's empty look by age serves all workers of its forker; no worker's look is put off for ever."""

import os
import time

import pytest
from dramatiq import get_broker

from askpro.queues.models import Job, Supervisor, Worker
from askpro.queues.processes.empty_looks import MOMENT, EmptyLooks
from askpro.queues.worker import intake
from askpro.queues.worker.intake import Intake
from askpro.queues.worker.workload import Workload
from tests.queues import actors

pytestmark = pytest.mark.no_processes


@pytest.fixture
def empty_looks():
    return EmptyLooks()


class TestThePage:
    def test_nobody_has_looked_yet(self, empty_looks):
        assert empty_looks.looked_at("default") == 0.0

    def test_an_empty_look_is_known_for_its_queue_only(self, empty_looks):
        empty_looks.found_nothing("default", 17.5)
        assert empty_looks.looked_at("default") == pytest.approx(17.5)
        assert empty_looks.looked_at("high") == 0.0

    def test_other_processes_see_it(self, empty_looks):
        began = time.monotonic()
        pid = os.fork()
        if not pid:
            empty_looks.found_nothing("low", began)
            os._exit(0)
        os.waitpid(pid, 0)
        assert empty_looks.looked_at("low") == pytest.approx(began)

    def test_a_moment_to_come_keeps_nobody_from_looking_for_long(self, empty_looks):
        MOMENT.pack_into(empty_looks._memory, 0, 2**62)
        assert empty_looks.looked_at("critical") <= time.monotonic()

    def test_a_queue_that_came_later_is_looked_at_by_everybody(self, empty_looks):
        empty_looks.found_nothing("no such queue", 17.5)
        assert empty_looks.looked_at("no such queue") == 0.0


@pytest.mark.django_db(transaction=True)
class TestTwoWorkers:
    """Of one forker, with Redis: what it has lost is there."""

    @pytest.fixture
    def intakes(self, transactional_db, empty_looks):
        supervisor = Supervisor.objects.create(host="one", pid=1, process_started_at=0.0, environment="testing")
        works = []
        for pid in (1, 2):
            row = Worker.objects.create(supervisor=supervisor, pool="all", host="one", pid=pid)
            works.append(Workload(row.pk, threads=1, code_version="v1", empty_looks=empty_looks))
        yield [Intake(work, "default", get_broker().actors, 1.5) for work in works]
        for work in works:
            work.finish()

    def lose_a_hint(self, redis_client):
        actors.nothing.send(1)
        redis_client.flushdb()

    def test_the_second_does_not_ask_again_what_the_first_has_just_asked(self, intakes, redis_client):
        first, second = intakes
        assert first.take(0.01) == []
        self.lose_a_hint(redis_client)
        assert second.take(0.01) == []

    def test_it_asks_when_the_answer_has_grown_old(self, intakes, redis_client, empty_looks):
        first, second = intakes
        assert first.take(0.01) == []
        self.lose_a_hint(redis_client)
        empty_looks.found_nothing("default", time.monotonic() - intake.REPAIR_EVERY)
        assert len(second.take(0.01)) == 1

    def test_a_backlog_is_for_everybody(self, intakes, redis_client):
        first, second = intakes
        for number in range(2):
            actors.nothing.send(number)
        redis_client.flushdb()
        # One thread each, and nothing known yet of how long its jobs take.
        assert len(first.take(0.01)) == 1
        assert len(second.take(0.01)) == 1

    def test_what_redis_lost_is_found_within_a_second_and_a_half(self, intakes, redis_client):
        first, second = intakes
        assert (first.take(0.01), second.take(0.01)) == ([], [])
        self.lose_a_hint(redis_client)
        began = time.monotonic()
        found = next((claims for _ in range(10) if (claims := first.take(1.5))), [])
        # The row says if another worker has taken it.
        assert len(found) == 1, [*Job.objects.values(), *Worker.objects.values(), *Supervisor.objects.values()]
        assert time.monotonic() - began < 1.7
