"""Promotion, freed keys, deadlines: every chores process does these, and any number may do so at once."""

import random
import re
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from dramatiq import get_broker

from askpro.queues import Batch, interventions
from askpro.queues.chores import overdue, promotion
from askpro.queues.chores.process import Chores
from askpro.queues.ledger import floors, hints
from askpro.queues.ledger.claim import by_age
from askpro.queues.ledger.database import EngineConnection, limit_lock_waits
from askpro.queues.ledger.floors import ALWAYS
from askpro.queues.models import FleetCommand, Job, Lock, Pause, Supervisor
from askpro.queues.processes.empty_looks import EmptyLooks
from askpro.queues.processes.link import Died, Link, Restart
from tests.locks import somebody_holds
from tests.queues import actors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes]


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def make_due(seconds_ago="1"):
    sql("UPDATE queues_job SET run_at = clock_timestamp() - %s * interval '1 second'", seconds_ago)


class TestPromotion:
    @pytest.mark.parametrize("status", ["scheduled", "retrying", "released"])
    def test_what_is_due_becomes_ready(self, database, redis_client, status):
        message = actors.nothing.send_with_options(args=(1,), delay=60_000)
        Job.objects.update(status=status)
        assert promotion.promote(database) == 0
        make_due()
        assert promotion.promote(database) == 1
        job = Job.objects.get()
        assert (job.status, job.run_at, job.ready_at is not None) == ("queued", None, True)
        assert redis_client.lrange(hints.key("default"), 0, -1) == [message.message_id.encode()]

    def test_it_reads_what_is_due_and_nothing_else(self, database):
        actors.nothing.broker.send_many([actors.nothing.message(number) for number in range(3000)], delay=3_600_000)
        database.rows("ANALYZE queues_job")
        plan = "\n".join(row[0] for row in database.rows("EXPLAIN " + promotion.PROMOTE, (ALWAYS, 5000)))
        assert re.search(r"Index Cond: \(.* AND \(run_at <= statement_timestamp\(\)\)\)", plan)

    def test_waiters_of_a_key_and_finished_jobs_are_left(self, database):
        actors.nothing.send(1)
        for status in ("waiting", "processing", "completed", "dead", "cancelled", "released"):
            Job.objects.update(status=status, run_at=None)
            assert promotion.promote(database) == 0

    def test_it_promotes_in_the_order_of_their_times(self, database):
        actors.nothing.broker.send_many([actors.nothing.message(number) for number in range(2000)], delay=1000)
        order = list(Job.objects.values_list("pk", flat=True))
        random.Random(7).shuffle(order)
        sql(
            "UPDATE queues_job SET run_at = clock_timestamp() - interval '1 hour' + place * interval '1 second'"
            " FROM unnest(%s::uuid[]) WITH ORDINALITY AS wanted (pk, place) WHERE id = pk",
            [str(pk) for pk in order],
        )
        assert promotion.promote(database) == 2000
        claimed = [claim.id for _ in range(20) for claim in by_age((database, 1, "default", get_broker().actors), 1)]
        assert claimed == [str(pk) for pk in order[:20]]

    def test_it_takes_five_thousand_at_once(self, database):
        broker = actors.nothing.broker
        broker.send_many([actors.nothing.message(number) for number in range(promotion.AT_ONCE + 1)], delay=1)
        make_due()
        assert (promotion.promote(database), promotion.promote(database)) == (promotion.AT_ONCE, 1)

    def test_two_at_once_promote_nothing_twice(self, database):
        actors.nothing.broker.send_many([actors.nothing.message(number) for number in range(3000)], delay=1)
        make_due()
        counts = []

        def promote():
            own = EngineConnection()
            counts.append(promotion.promote(own))
            own.close()

        threads = [threading.Thread(target=promote) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(counts) + promotion.promote(database) == 3000

    def test_a_row_that_somebody_holds_is_not_waited_for(self, database):
        actors.nothing.send_with_options(args=(1,), delay=1)
        actors.nothing.send_with_options(args=(2,), delay=1)
        make_due()
        with transaction.atomic():
            Job.objects.select_for_update().order_by("pk").first()
            assert promotion.promote(database) == 1


class TestFreeingKeys:
    def wait_for_a_key(self, *numbers):
        for number in numbers:
            actors.alone.send(key="a", number=number)
        Job.objects.update(status="released", run_at=None)

    def test_the_first_waiter_of_a_free_key_becomes_ready(self, database):
        self.wait_for_a_key(1, 2)
        assert promotion.free_locks(database) == 1
        assert [job.kwargs["number"] for job in Job.objects.filter(status="queued")] == [1]

    def test_nobody_becomes_ready_while_the_key_is_held(self, database):
        self.wait_for_a_key(1)
        actors.nothing.send(1)
        holder = Job.objects.get(actor_name="nothing")
        Job.objects.filter(pk=holder.pk).update(status="processing")
        Lock.objects.create(key="key:a", job_id=holder.pk, claim_no=1)
        assert promotion.free_locks(database) == 0

    def test_a_lock_without_a_running_job_is_removed(self, database):
        self.wait_for_a_key(1)
        over = actors.nothing.send(1).message_id
        Job.objects.filter(pk=over).update(status="completed")
        Lock.objects.create(key="key:a", job_id=over, claim_no=1)
        assert promotion.free_locks(database) == 0
        sql("UPDATE queues_lock SET taken_at = clock_timestamp() - interval '11 seconds'")
        assert promotion.free_locks(database) == 1
        assert not Lock.objects.exists()

    def test_a_released_job_that_waits_for_its_time_keeps_waiting(self, database):
        self.wait_for_a_key(1)
        sql("UPDATE queues_job SET run_at = clock_timestamp() + interval '1 hour'")
        assert promotion.free_locks(database) == 0


class TestDeadlines:
    @pytest.mark.parametrize("status", ["scheduled", "retrying", "released"])
    def test_waiting_past_the_deadline_ends_visibly(self, database, status):
        actors.nothing.send(1)
        sql("UPDATE queues_job SET status = %s, deadline_at = clock_timestamp() - interval '1 second'", status)
        interventions.end_overdue()
        job = Job.objects.get()
        assert (job.status, job.error_class) == ("dead", "DeadlineExceeded")
        assert job.finished_at is not None

    def test_the_last_real_error_is_what_a_person_sees(self, database):
        actors.nothing.send(1)
        sql(
            "UPDATE queues_job SET status = 'retrying', error_class = 'ValueError', error_message = 'the real one',"
            " deadline_at = clock_timestamp() - interval '1 second'"
        )
        interventions.end_overdue()
        assert (Job.objects.get().status, Job.objects.get().error_message) == ("dead", "the real one")

    @pytest.mark.parametrize("status", ["processing", "completed", "waiting"])
    def test_running_finished_and_later_steps_are_left(self, database, status):
        actors.nothing.send(1)
        sql("UPDATE queues_job SET status = %s, deadline_at = clock_timestamp() - interval '1 second'", status)
        interventions.end_overdue()
        assert Job.objects.get().status == status

    @pytest.mark.parametrize("status", [status for status in Job.Status if status not in Job.FINAL])
    def test_every_state_in_which_a_job_waits_for_anything_but_another_job_has_its_end(self, database, status):
        actors.nothing.send(1)
        sql("UPDATE queues_job SET status = %s, deadline_at = clock_timestamp() - interval '1 second'", status)
        interventions.end_overdue()
        overdue.Walk().end_ready()
        ends = status not in (Job.Status.PROCESSING, Job.Status.WAITING)
        assert Job.objects.get().status == ("dead" if ends else status)


class TestReadyJobsThatNobodyClaims:
    """Their queue is paused, their actor unknown, no worker there: a walk through the queue finds them."""

    @pytest.fixture(autouse=True)
    def small_pages(self, monkeypatch):
        monkeypatch.setattr(overdue, "PAGE", 4)

    @staticmethod
    def make_overdue(*numbers):
        late = [[number] for number in numbers]
        Job.objects.filter(args__in=late).update(deadline_at=timezone.now() - timedelta(seconds=1))

    def test_each_is_found_wherever_it_stands_and_no_other(self, database):
        for number in range(10):
            actors.nothing.send(number)
        self.make_overdue(0, 5, 9)
        walk = overdue.Walk()
        assert [walk.end_ready() for _ in range(4)] == [1, 1, 1, 0]
        dead = Job.objects.filter(status="dead", error_class="DeadlineExceeded")
        assert sorted(job.args[0] for job in dead) == [0, 5, 9]

    def test_it_begins_anew_at_the_end(self, database):
        for number in range(6):
            actors.nothing.send(number)
        walk = overdue.Walk()
        assert (walk.end_ready(), walk.end_ready()) == (0, 0)
        self.make_overdue(1)
        assert walk.end_ready() == 1

    def test_many_that_became_ready_in_one_moment_are_passed_one_by_one(self, database):
        for number in range(9):
            actors.nothing.send(number)
        Job.objects.update(ready_at=timezone.now())
        self.make_overdue(8)
        walk = overdue.Walk()
        assert sum(walk.end_ready() for _ in range(3)) == 1

    def test_who_retried_it_by_hand_meanwhile_keeps_it(self, database):
        actors.nothing.send(1)
        assert overdue.Walk._end([str(Job.objects.get().pk)]) == 0
        assert Job.objects.get().status == "queued"

    def test_a_page_is_read_by_its_index(self, database):
        actors.nothing.broker.send_many([actors.nothing.message(number) for number in range(3000)])
        sql("UPDATE queues_job SET status = 'completed' WHERE args <> '[7]'")
        database.rows("ANALYZE queues_job")
        with CaptureQueriesContext(connection) as queries:
            overdue.Walk().end_ready()
        plan = "\n".join(row[0] for row in database.rows("EXPLAIN " + queries[0]["sql"]))
        assert "job_queued" in plan
        assert "Seq Scan" not in plan


class TestTheEndByTheClock:
    """A ledger with only a few unfinished jobs: no finished one is read."""

    @pytest.mark.parametrize(
        ("end", "index"), [(interventions.end_overdue, "job_deadline"), (interventions.end_expired, "job_expiring")]
    )
    def test_its_index_finds_it(self, database, monkeypatch, end, index):
        actors.nothing.broker.send_many([actors.nothing.message(number) for number in range(3000)])
        sql("UPDATE queues_job SET status = 'completed', deadline_at = '2026-01-01', expires_at = '2026-01-01'")
        database.rows("ANALYZE queues_job")
        with CaptureQueriesContext(connection) as queries:
            assert end() == 0
        (taking,) = [each["sql"] for each in queries if "SKIP LOCKED" in each["sql"]]
        assert index in "\n".join(row[0] for row in database.rows("EXPLAIN " + taking.replace("%", "%%")))


class TestTheHeart:
    def test_the_sweepers_wait_for_nobodys_transaction(self, transactional_db, monkeypatch):
        own = connections.settings["default"]
        monkeypatch.setitem(own, "OPTIONS", {**own["OPTIONS"], "options": "-c statement_timeout=60000"})
        limit_lock_waits()
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", own["OPTIONS"])
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
            assert cursor.fetchone() == ("1s", "1min")
        other.close()

    def test_freeing_keys_waits_for_nobodys_transaction(self, database):
        actors.alone.send(key="a", number=1)
        actors.alone.send(key="b", number=2)
        sql("UPDATE queues_job SET status = 'released', run_at = NULL")
        with somebody_holds("SELECT 1 FROM queues_job WHERE lock_key = 'key:a' FOR UPDATE"):
            assert promotion.free_locks(database) == 1
        assert promotion.free_locks(database) == 1

    def test_a_batch_in_somebodys_transaction_keeps_only_its_own_dead_waiting(self, database):
        Batch([actors.nothing.message(1)]).send()
        by_age((database, 71, "default", get_broker().actors), 1)
        actors.nothing.send(2)
        by_age((database, 72, "default", get_broker().actors), 1)
        forker, link = Link.pair()
        process = Chores(0, [], link)
        for worker_id in (71, 72):
            (job,) = Job.objects.filter(worker_id=worker_id)
            process._dead[worker_id] = Died(worker_id, "x", worker_id, started=[(str(job.pk), 1, 1.0)])
        with somebody_holds("SELECT 1 FROM queues_batch FOR UPDATE"):
            process._recover()
        assert list(process._dead) == [71]
        assert Job.objects.get(batch_id=None).status == "queued"
        process._recover()
        assert not process._dead
        forker.close()
        link.close()


def test_a_command_that_this_release_does_not_know_is_left_out(database):
    row = Supervisor.objects.create(host="one", pid=1, process_started_at=0.0, environment="testing")
    FleetCommand.objects.create(supervisor=row, kind="drain")
    FleetCommand.objects.create(supervisor=row, kind="restart")
    forker, link = Link.pair()
    Chores(row.pk, [], link)._obey()
    assert list(forker.receive(1)) == [Restart()]
    forker.close()
    link.close()


class TestFloors:
    """A claim by age begins where the last one found the oldest job; the chores know when older ones are back."""

    @pytest.fixture
    def empty_looks(self):
        return EmptyLooks()

    @pytest.fixture
    def chores(self, transactional_db, empty_looks):
        forker, link = Link.pair()
        yield Chores(0, [], link, empty_looks)
        forker.close()
        link.close()

    @pytest.fixture
    def is_whole(self, database, empty_looks, monkeypatch):
        """Whether the next look is one at the whole; usually there is none for long."""
        monkeypatch.setattr(floors, "CHEAP", -(10**9))
        for _ in range(2):
            by_age((database, 1, "default", get_broker().actors), 1, empty_looks.floor("default"))
        return lambda: empty_looks.floor("default").since() == ALWAYS

    def test_what_was_paused_is_found_when_it_runs_again(self, chores, is_whole):
        Pause.objects.create(kind="actor", name="nothing")
        chores._obey()
        assert not is_whole()
        Pause.objects.all().delete()
        chores._obey()
        assert is_whole()

    def test_the_jobs_of_a_dead_worker_are_found(self, database, chores, is_whole):
        chores._dead[71] = Died(1, "x", 71, started=[])
        chores._recover()
        assert not is_whole()
        actors.nothing.send(1)
        by_age((database, 71, "default", get_broker().actors), 1)
        chores._dead[71] = Died(1, "x", 71, started=[])
        chores._recover()
        assert is_whole()
