"""A host that is only not heard is not declared dead."""

import os
from datetime import timedelta

import psutil
import psycopg2
import pytest
from django.db import connection
from django.utils import timezone
from dramatiq import get_broker

from askpro.queues.chores import watch
from askpro.queues.chores.watch import Watch
from askpro.queues.fleet import heartbeat, host
from askpro.queues.fleet.state import SILENT_AFTER
from askpro.queues.ledger.claim import by_age
from askpro.queues.ledger.database import application_name, chores_name
from askpro.queues.models import Attempt, Job, Supervisor, Worker
from askpro.queues.processes import named
from askpro.queues.processes.page import Page
from tests.queues import actors

pytestmark = pytest.mark.django_db(transaction=True)
NO_SUCH_PID = 4_000_000


@pytest.fixture
def clock(monkeypatch):
    """The observer's own clock, in seconds."""
    now = [1000.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])
    return now


def supervisor(**values):
    """A supervisor on another host, with a worker that holds a job."""
    own = {"host": "elsewhere", "pid_space": "other", "pid": 1, "process_started_at": 0.0, "environment": "testing"}
    row = Supervisor.objects.create(**{**own, **values})
    worker = Worker.objects.create(supervisor=row, pool="all", host=row.host, pid=2)
    actors.nothing.send(row.pk)
    return row, worker


def here(**values):
    return supervisor(host=host.hostname(), pid_space=host.pid_space(), **values)


def hold(database, worker):
    return by_age((database, worker.pk, "default", get_broker().actors), 1)


def beat(row):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE queues_supervisor SET beat_at = clock_timestamp() WHERE id = %s", [row.pk])


def over(worker, status, ago=60):
    ended_at = timezone.now() - timedelta(seconds=ago)
    Worker.objects.filter(pk=worker.pk).update(status=status, ended_at=ended_at)


def status(row):
    row.refresh_from_db()
    return row.status


class TestSilence:
    def test_the_same_beat_twice_fifteen_seconds_apart_is_death(self, database, clock):
        row, worker = supervisor()
        hold(database, worker)
        observer = Watch(0)
        assert observer.look(database) == 0
        clock[0] += SILENT_AFTER
        assert observer.look(database) == 1
        assert (status(row), status(worker)) == ("dead", "dead")
        assert (Job.objects.get().status, Job.objects.get().losses) == ("queued", 1)

    def test_once_or_too_soon_is_not(self, database, clock):
        row, worker = supervisor()
        hold(database, worker)
        observer = Watch(0)
        for _ in range(3):
            assert observer.look(database) == 0
            clock[0] += SILENT_AFTER / 3 - 0.1
        assert status(row) == "running"

    def test_an_old_beat_alone_proves_nothing(self, database, clock):
        row, _ = supervisor()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE queues_supervisor SET beat_at = '2020-01-01'")
        Watch(0).look(database)
        assert status(row) == "running"

    def test_a_beat_in_between_begins_the_wait_anew(self, database, clock):
        row, _ = supervisor()
        observer = Watch(0)
        observer.look(database)
        clock[0] += SILENT_AFTER - 1
        beat(row)
        observer.look(database)
        clock[0] += SILENT_AFTER - 1
        observer.look(database)
        assert status(row) == "running"
        clock[0] += 1
        observer.look(database)
        assert status(row) == "dead"

    def test_a_failed_query_in_between_proves_nothing(self, database, clock):
        row, _ = supervisor()
        observer = Watch(0)
        observer.look(database)
        clock[0] += SILENT_AFTER * 100
        observer.forget()  # as the chores do on any error of the connection
        observer.look(database)
        assert status(row) == "running"

    def test_a_beat_between_reading_and_burying_saves_it(self, database, clock):
        row, _ = supervisor()
        observer = Watch(0)
        observer.look(database)
        clock[0] += SILENT_AFTER

        class Between:
            def rows(self, statement, params=()):
                if statement == watch.BURY:
                    beat(row)
                return database.rows(statement, params)

        observer.look(Between())
        assert status(row) == "running"

    def test_two_observers_bury_once(self, database, clock):
        _, worker = supervisor()
        hold(database, worker)
        observers = [Watch(0), Watch(-1)]
        for observer in observers:
            observer.look(database)
        clock[0] += SILENT_AFTER
        assert [observer.look(database) for observer in observers] == [1, 0]
        assert Job.objects.get().losses == 1

    def test_nobody_buries_himself(self, database, clock):
        row, _ = supervisor()
        observer = Watch(row.pk)
        observer.look(database)
        clock[0] += SILENT_AFTER * 2
        observer.look(database)
        assert status(row) == "running"

    def test_the_sessions_of_its_chores_end_with_it(self, database, clock):
        row, _ = supervisor()
        values = connection.settings_dict
        frozen = psycopg2.connect(
            host=values["HOST"],
            port=values["PORT"],
            user=values["USER"],
            password=values["PASSWORD"],
            dbname=values["NAME"],
            application_name=chores_name(row.pk),
        )
        observer = Watch(0)
        observer.look(database)
        clock[0] += SILENT_AFTER
        observer.look(database)
        with pytest.raises(psycopg2.OperationalError), frozen.cursor() as cursor:
            cursor.execute("SELECT 1")


class TestTheSameHost:
    def test_a_process_that_is_gone_is_dead_at_once(self, database):
        row, worker = here(pid=NO_SUCH_PID)
        hold(database, worker)
        assert Watch(0).look(database) == 1
        assert status(row) == "dead"

    def test_a_living_one_is_not(self, database):
        row, _ = here(pid=os.getpid(), process_started_at=host.started_at(os.getpid()))
        Watch(0).look(database)
        assert status(row) == "running"

    def test_one_that_lives_is_not_when_somebody_sets_the_clock(self, database, monkeypatch):
        row, _ = here(pid=os.getpid(), process_started_at=host.started_at(os.getpid()))
        boot, began = psutil.boot_time() + 3600, psutil.Process().create_time() + 3600
        monkeypatch.setattr(psutil, "boot_time", lambda: boot)
        monkeypatch.setattr(psutil.Process, "create_time", lambda self: began)
        Watch(0).look(database)
        assert status(row) == "running"

    def test_another_process_with_its_recycled_pid_is_not_it(self, database):
        row, _ = here(pid=os.getpid(), process_started_at=host.started_at(os.getpid()) - 60)
        Watch(0).look(database)
        assert status(row) == "dead"

    def test_a_zombie_is_dead(self, database):
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        try:
            assert not host.is_running(child, host.started_at(child))
        finally:
            os.waitpid(child, 0)

    def test_pids_of_another_container_mean_nothing_here(self, database):
        row, _ = supervisor(host=host.hostname(), pid_space="another", pid=NO_SUCH_PID)
        Watch(0).look(database)
        assert status(row) == "running"


class TestThePagesItsWorkersLeft:
    """Its supervisor was killed with them, on this host."""

    @pytest.fixture
    def page(self, worker_of_a_dead_one, database):
        _, worker = worker_of_a_dead_one
        page = Page()
        page.register(worker.pk, heartbeat.page_name(database, worker.pk))
        yield page
        page.hide()

    @pytest.fixture
    def worker_of_a_dead_one(self, database):
        row, worker = here(pid=NO_SUCH_PID)
        actors.nothing.send(1)
        return row, worker

    def test_only_what_had_begun_is_lost(self, database, worker_of_a_dead_one, page):
        _, worker = worker_of_a_dead_one
        begun, claimed = by_age((database, worker.pk, "default", get_broker().actors), 2)
        page.take(begun.id, begun.claim_no, 60.0, "default")
        page.close()
        assert Watch(0).look(database) == 2
        assert [Job.objects.get(pk=claim.id).losses for claim in (begun, claimed)] == [1, 0]
        assert named.read(heartbeat.page_name(database, worker.pk)) is None

    def test_while_one_lives_it_is_waited_for_and_then_everything_counts_as_begun(
        self, database, clock, worker_of_a_dead_one, page
    ):
        row, worker = worker_of_a_dead_one
        hold(database, worker)
        observer = Watch(0)
        assert observer.look(database) == 0
        assert (status(row), status(worker)) == ("dead", "running")
        clock[0] += watch.DYING
        assert observer.look(database) == 1
        assert status(worker) == "dead"
        assert Job.objects.get(claim_no=1).losses == 1
        page.close()

    def test_what_a_late_claim_holds_had_not_begun(self, database, worker_of_a_dead_one, page):
        _, worker = worker_of_a_dead_one
        page.close()

        class Late:
            def rows(self, statement, params=()):
                if statement == watch.END_SESSIONS and params == (application_name(worker.pk),):
                    # Its statement began before the worker was signed off, and commits now.
                    first = Job.objects.filter(claim_no=0).order_by("id")[0].pk
                    Job.objects.filter(pk=first).update(status="processing", worker_id=worker.pk, claim_no=1)
                return database.rows(statement, params)

        assert Watch(0).look(Late()) == 1
        assert Job.objects.get(claim_no=1).losses == 0


class TestWhatOthersLeft:
    @pytest.mark.parametrize("left", ["dead", "stopped"])
    def test_workers_of_a_supervisor_that_is_over_are_freed(self, database, left):
        _, worker = supervisor(status=left)
        hold(database, worker)
        assert Watch(0).look(database) == 1
        assert Job.objects.get().status == "queued"

    @pytest.mark.parametrize("left", ["dead", "stopped"])
    def test_jobs_of_its_workers_that_have_signed_off_are_freed(self, database, left):
        _, worker = supervisor(status=left)
        hold(database, worker)
        over(worker, "dead")
        assert Watch(0).look(database) == 0
        assert Watch(0).free_left_jobs(database) == 1
        assert Job.objects.get().status == "queued"

    def test_jobs_of_workers_that_nobody_knows_are_freed(self, database):
        _, worker = supervisor()
        hold(database, worker)
        worker.delete()
        assert Watch(0).free_left_jobs(database) == 1
        assert Job.objects.get().status == "queued"


class TestALateClaim:
    """It became visible after its worker was declared over; the supervisor is alive."""

    @pytest.mark.parametrize("ended", ["dead", "stopped"])
    def test_it_goes_back_free(self, database, ended):
        row, worker = supervisor()
        hold(database, worker)
        over(worker, ended)
        observer = Watch(row.pk)
        assert observer.look(database) == 0
        assert observer.free_late_claims(database, []) == 1
        job = Job.objects.get()
        assert (job.status, job.tries_spent, job.losses) == ("queued", 0, 0)
        assert not Attempt.objects.exists()

    def test_a_worker_that_lives_keeps_its_jobs_whatever_its_row_says(self, database):
        row, worker = supervisor()
        hold(database, worker)
        over(worker, "dead")
        assert Watch(row.pk).free_late_claims(database, [worker.pk]) == 0
        assert Job.objects.get().status == "processing"

    def test_a_worker_that_has_just_ended_is_somebody_elses_business(self, database):
        row, worker = supervisor()
        hold(database, worker)
        over(worker, "dead", ago=0)
        assert Watch(row.pk).free_late_claims(database, []) == 0

    def test_other_supervisors_see_to_their_own(self, database):
        row, worker = supervisor()
        hold(database, worker)
        over(worker, "dead")
        assert Watch(row.pk + 1).free_late_claims(database, []) == 0


class TestAZombie:
    """Its host was frozen for longer than the silence, then woke up: it beats and claims as before."""

    def test_its_next_death_is_noticed_too(self, database, clock):
        row, worker = supervisor()
        observer = Watch(0)
        observer.look(database)
        clock[0] += SILENT_AFTER
        observer.look(database)
        assert status(worker) == "dead"
        assert hold(database, worker) == []
        heartbeat.beat(database, row.pk, living=[worker.pk])
        assert (status(row), status(worker)) == ("running", "running")
        assert hold(database, worker)
        assert observer.look(database) == 0
        clock[0] += SILENT_AFTER
        observer.look(database)
        assert Job.objects.get().status == "queued"

    def test_one_that_is_heard_again_while_others_are_buried_keeps_its_jobs(self, database, clock):
        row, worker = supervisor()
        hold(database, worker)
        observer = Watch(0)
        observer.look(database)
        clock[0] += SILENT_AFTER

        class Between:
            def rows(self, statement, params=()):
                found = database.rows(statement, params)
                if statement == watch.UNBURIED:
                    heartbeat.beat(database, row.pk, living=[worker.pk])
                return found

        assert observer.look(Between()) == 0
        assert (Job.objects.get().status, status(worker)) == ("processing", "running")


class TestRegistering:
    def test_a_supervisor_leaves_a_row_by_which_others_know_it(self, database):
        key = heartbeat.register_supervisor(database, os.getpid(), "testing", "v1")
        row = Supervisor.objects.get(pk=key)
        assert host.is_running(row.pid, row.process_started_at)
        assert (row.host, row.pid_space, row.status) == (host.hostname(), host.pid_space(), "running")
        before = row.beat_at
        heartbeat.beat(database, key)
        row.refresh_from_db()
        assert row.beat_at > before
        heartbeat.leave(database, key)
        assert status(row) == "stopped"

    def test_a_lost_connection_is_an_error_that_the_chores_know(self, database, monkeypatch):
        def refuse():
            raise psycopg2.OperationalError

        with monkeypatch.context() as away, pytest.raises(psycopg2.OperationalError):
            away.setattr(database, "_connected", refuse)
            Watch(0).look(database)
