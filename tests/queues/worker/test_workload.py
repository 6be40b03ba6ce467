"""What one worker process holds, and that it can neither lose nor keep a job by mistake."""

import threading
import time
from math import inf

import pytest
from dramatiq import get_broker
from psycopg2 import OperationalError

from askpro.queues.errors import Cancelled
from askpro.queues.ledger.claim import by_age
from askpro.queues.ledger.outcome import COMPLETED
from askpro.queues.models import Attempt, Job, Worker
from askpro.queues.processes.page import Page
from askpro.queues.worker import interrupts
from askpro.queues.worker.pace import IN_TIME
from askpro.queues.worker.workload import BACK, CLOCK, Workload
from tests.queues import actors
from tests.queues.queues_run import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.no_processes,
    pytest.mark.also_without_redis(if_long=True),
]


@pytest.fixture
def page():
    page = Page()
    yield page
    page.close()


@pytest.fixture
def workload(transactional_db, page):
    row = Worker.objects.create(pool="test", host="here", pid=1)
    work = Workload(row.pk, threads=2, code_version="v1", page=page)
    yield work
    # Its thread that looks for cancelled jobs would run for ever, with its own session.
    work.stopping = True
    work.finish()


def claim(workload, limit=10):
    return workload.claim(
        lambda: by_age((workload.database, workload.worker_id, "default", get_broker().actors), limit)
    )


def statuses():
    return list(Job.objects.order_by("id").values_list("status", flat=True))


class TestOrphans:
    """A claim whose answer is lost leaves jobs with a worker that does not know of them."""

    def lose_an_answer(self, workload):
        def fetch():
            by_age((workload.database, workload.worker_id, "default", get_broker().actors), 10)
            raise ConnectionError

        with pytest.raises(ConnectionError):
            workload.claim(fetch)

    def test_the_next_claim_frees_them(self, workload):
        actors.nothing.send(1)
        self.lose_an_answer(workload)
        assert statuses() == ["processing"]
        assert [item.claim_no for item in claim(workload)] == [2]

    def test_what_it_knows_that_it_holds_is_no_orphan(self, workload):
        actors.nothing.send(1)
        (known,) = claim(workload)
        actors.nothing.send(2)
        self.lose_an_answer(workload)
        (orphan,) = claim(workload)
        assert orphan.args == [2]
        assert Job.objects.get(pk=known.id).claim_no == 1

    def test_a_job_that_came_back_before_its_release_was_noted_is_no_orphan(self, workload, monkeypatch):
        actors.nothing.send(1)
        (first,) = claim(workload)
        Job.objects.update(status="queued", worker_id=None)
        (second,) = claim(workload)
        # The note of the first claim's release arrives only now.
        told, noted = workload._settler._done, threading.Event()
        monkeypatch.setattr(workload._settler, "_done", lambda *items: (told(*items), noted.set()))
        workload.release(first, BACK)
        assert noted.wait(5)
        self.lose_an_answer(workload)
        assert claim(workload) == []
        assert Job.objects.get().claim_no == second.claim_no


class TestGivingBack:
    def test_what_is_given_back_is_ready_for_everybody_and_has_paid_nothing(self, workload, redis_client):
        message = actors.nothing.send(1)
        ready_at = Job.objects.get().ready_at
        redis_client.flushdb()
        workload.give_back(claim(workload))
        assert wait_until(lambda: statuses() == ["queued"], 2)
        job = Job.objects.get()
        assert (job.worker_id, job.tries_spent, job.releases, job.ready_at) == (None, 0, 0, ready_at)
        assert not Attempt.objects.exists()
        assert wait_until(redis_client.keys, 2)
        # The thread of an earlier test may have given something back meanwhile.
        assert message.message_id.encode() in redis_client.lrange(redis_client.keys()[0], 0, -1)


class TestRunning:
    def run_one(self, workload, limit=5.0):
        (item,) = claim(workload, 1)
        workload.handed_over()
        workload.starting(item, limit)
        return item

    def test_a_started_job_stands_on_the_page_until_it_is_settled(self, workload, page):
        actors.nothing.send(1)
        item = self.run_one(workload)
        assert [(entry.job_id, entry.claim_no) for entry in page.started()] == [(item.id, 1)]
        workload.finished(item, COMPLETED)
        assert wait_until(lambda: page.started() == [], 2)
        assert statuses() == ["completed"]

    def test_a_run_that_waits_to_be_settled_cannot_run_too_long(self, workload, page, django_db_blocker):
        actors.nothing.send(1)
        item = self.run_one(workload, limit=0.1)
        with workload.database._lock:  # as long as PostgreSQL does not answer
            workload.finished(item, COMPLETED)
            assert [entry.limit for entry in page.started()] == [inf]

    def test_it_is_stuck_only_when_every_thread_is_busy_and_nothing_moves(self, workload):
        for number in range(3):
            actors.nothing.send(number)
        self.run_one(workload)
        workload._last_move -= 0.25
        assert not workload.is_stuck
        second = self.run_one(workload)
        assert not workload.is_stuck
        workload._last_move -= 0.25
        assert workload.is_stuck
        workload.finished(second, COMPLETED)
        assert not workload.is_stuck


class TestPlaces:
    """How many jobs more this process should claim; it has two threads."""

    def start(self, workload, item):
        workload.handed_over()
        workload.starting(item, 60)

    def send_and_claim(self, workload, count):
        get_broker().send_many([actors.nothing.message(number) for number in range(count)])
        return claim(workload, count)

    def learn(self, workload):
        for _ in range(2000):
            workload.pace.ran(0.0)

    def test_before_anything_is_known_there_is_one_for_each_free_thread(self, workload):
        assert workload.places(0) == 2
        (item,) = self.send_and_claim(workload, 1)
        assert workload.places(0) == 1
        self.start(workload, item)
        assert workload.places(0) == 1
        self.send_and_claim(workload, 1)
        assert workload.places(0) == 0

    def test_after_short_runs_as_many_as_will_start_in_time(self, workload):
        self.learn(workload)
        assert workload.places(0) == 2 + workload.pace.ahead(0) == 52

    def test_what_waits_here_takes_its_place_until_half_of_it_has_started(self, workload):
        self.learn(workload)
        items = self.send_and_claim(workload, 52)
        for item in items[:25]:
            assert workload.places(0) == 0
            self.start(workload, item)
            workload.finished(item, COMPLETED)
        assert workload.places(0) == 25

    def test_there_is_none_behind_jobs_that_have_been_running_for_long(self, workload):
        self.learn(workload)
        for item in self.send_and_claim(workload, 2):
            self.start(workload, item)
        assert workload.places(0) == 50
        workload._last_move -= IN_TIME
        assert workload.places(0) == 0

    def test_what_goes_back_or_is_released_or_skipped_leaves_its_place(self, workload):
        back, released, skipped = self.send_and_claim(workload, 3)
        assert workload.places(0) == 0
        workload.give_back([back])
        assert workload.places(0) == 0
        workload.release(released, BACK)
        assert workload.places(0) == 1
        workload.handed_over()
        workload.skipped(skipped)
        assert workload.places(0) == 2

    def test_what_waits_for_its_slot_takes_no_place(self, workload):
        (item,) = self.send_and_claim(workload, 1)
        workload.put_off(item)
        assert workload.places(0) == 2
        workload.take_up(item)
        assert workload.places(0) == 1

    def test_one_consumer_takes_at_a_time_and_none_waits_for_another_for_long(self, workload):
        with workload.taking(0):
            began = time.monotonic()
            with workload.taking(0) as places:
                assert 0.1 < time.monotonic() - began < 1
            assert places == 2
        with workload.taking(0):
            pass
        assert time.monotonic() - began < 1

    def test_a_consumer_that_waits_for_a_place_wakes_when_there_is_one(self, workload):
        items = self.send_and_claim(workload, 2)
        for item in items:
            self.start(workload, item)
        began = time.monotonic()
        end = threading.Timer(0.1, workload.finished, (items[0], COMPLETED))
        end.start()
        workload.wait_for_place(0, 5)
        assert 0.09 < time.monotonic() - began < 3
        end.join()

    def test_a_consumer_that_waits_for_a_place_waits_no_longer_than_asked(self, workload):
        self.send_and_claim(workload, 2)
        began = time.monotonic()
        workload.wait_for_place(0, 0.05)
        assert time.monotonic() - began < 0.5


class TestABriefDeath:
    """Jobs that a suspended process still has when it wakes up may belong to another worker by then."""

    def wake_up_with(self, workload, item):
        item.sure_at -= 60

    def given_to_another(self, workload):
        Job.objects.update(status="queued", worker_id=None)
        other = Worker.objects.create(pool="test", host="there", pid=2).pk
        (claim,) = by_age((workload.database, other, "default", get_broker().actors), 1)
        return claim

    def test_what_was_claimed_just_now_costs_no_question(self, workload, monkeypatch):
        actors.nothing.send(1)
        (item,) = claim(workload)
        with monkeypatch.context() as mute:
            mute.setattr(workload.database, "rows", None)
            assert workload.is_ours(item)

    def test_a_job_that_waited_for_long_and_is_still_ours_may_start(self, workload):
        actors.nothing.send(1)
        (item,) = claim(workload)
        self.wake_up_with(workload, item)
        assert workload.is_ours(item)

    def test_a_job_that_was_given_to_another_may_not(self, workload):
        actors.nothing.send(1)
        (item,) = claim(workload)
        self.given_to_another(workload)
        self.wake_up_with(workload, item)
        assert not workload.is_ours(item)

    def test_a_job_that_was_given_to_another_and_came_back_is_the_later_claims(self, workload):
        actors.nothing.send(1)
        (first,) = claim(workload)
        Job.objects.update(status="queued", worker_id=None)
        (second,) = claim(workload)
        self.wake_up_with(workload, first)
        self.wake_up_with(workload, second)
        assert [workload.is_ours(item) for item in (first, second)] == [False, True]

    def test_nothing_starts_in_doubt_while_postgresql_is_away(self, workload, monkeypatch):
        actors.nothing.send(1)
        (item,) = claim(workload)
        self.wake_up_with(workload, item)

        def refuse():
            raise OperationalError

        with monkeypatch.context() as away:
            away.setattr(workload.database, "_connected", refuse)
            assert not workload.is_ours(item)

    def test_a_claim_counts_from_before_its_question(self, workload):
        actors.nothing.send(1)

        def slowly():
            item = by_age((workload.database, workload.worker_id, "default", get_broker().actors), 1)
            time.sleep(0.01)
            return item

        asked_at = time.clock_gettime(CLOCK)
        (item,) = workload.claim(slowly)
        assert asked_at <= item.sure_at < time.clock_gettime(CLOCK) - 0.01

    def test_what_is_skipped_leaves_its_thread_free_and_the_other_ones_job_alone(self, workload):
        actors.nothing.send(1)
        (item,) = claim(workload)
        workload.handed_over()
        theirs = self.given_to_another(workload)
        workload.skipped(item)
        assert wait_until(lambda: item.id not in workload._held, 2)
        assert workload.places(0) == 2
        job = Job.objects.get()
        assert (job.status, job.claim_no) == ("processing", theirs.claim_no)
        assert not Attempt.objects.exists()


class TestTheEnd:
    def test_everything_is_settled_and_the_worker_has_signed_off(self, transactional_db):
        row = Worker.objects.create(pool="test", host="here", pid=1)
        work = Workload(row.pk, threads=1, code_version="v1")
        for number in range(20):
            actors.nothing.send(number)
        for item in claim(work, 20):
            work.handed_over()
            work.starting(item, 5)
            work.finished(item, COMPLETED)
        work.stopping = True
        work.finish()
        assert set(statuses()) == {"completed"}
        row.refresh_from_db()
        assert (row.status, row.ended_at is not None) == ("stopped", True)

    def test_a_job_that_makes_an_error_of_its_cancellation_does_not_run_again(self, workload):
        actors.nothing.send(1)
        (held,) = claim(workload)
        workload.starting(held, 60)
        assert actors.nothing.outcome(held, ValueError()).status == "retrying"
        workload.interrupt(held, lambda *_: None, Cancelled)
        assert actors.nothing.outcome(held, ValueError()).status == "cancelled"

    def test_who_looks_for_cancelled_jobs_opens_no_connection_any_more(self, workload, monkeypatch):
        monkeypatch.setattr(interrupts, "LOOK_EVERY", 0.05)
        actors.nothing.send(1)
        (held,) = claim(workload)
        workload.starting(held, 60)
        looking = interrupts.Interrupter(workload)
        looking.start()
        workload.stopping = True
        workload.database.close()
        looking.join()
        assert workload.database._raw is None
