"""Signals to a real `queues_run` at any time; and a system without Linux's own calls."""

import random
import signal
import time

import psutil
import pytest
from django.db import connection

from askpro.dev.up import process
from askpro.queues import send_many
from askpro.queues.models import Attempt, Supervisor, Worker
from tests.queues import actors, hostile
from tests.queues.queues_run import kill, seconds_until, wait_until
from tests.queues.supervised import ALL, all_over, count, happened

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("disasters")]
ONE = {"all": {"queues": ALL, "processes": 1}}


class TestTheEnd:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    def test_what_runs_finishes_and_the_rest_goes_back(self, supervise, effects, number):
        queues = supervise(ONE)
        for name in ("first", "second"):
            actors.slow.send(1.5, name)
        seconds_until(lambda: "first began" in effects(), 5)
        queues.signal(number)
        assert queues.wait(10) == 0
        assert effects() == ["first began", "first ended"]
        assert (count(status="completed"), count(status="queued", tries_spent=0)) == (1, 1)
        assert Supervisor.objects.get().status == "stopped"

    def test_asking_twice_changes_nothing(self, supervise, effects):
        queues = supervise(ONE)
        actors.slow.send(2, "long")
        seconds_until(lambda: "long began" in effects(), 5)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM):
            queues.signal(number)
            time.sleep(0.1)
        assert queues.wait(10) == 0
        assert effects() == ["long began", "long ended"]

    def test_a_terminal_s_ctrl_c_reaches_everybody_and_ends_in_order(self, supervise, effects):
        queues = supervise(ONE)
        actors.slow.send(1.5, "long")
        seconds_until(lambda: "long began" in effects(), 5)
        queues.signal_all(signal.SIGINT)
        assert queues.wait(10) == 0
        assert effects() == ["long began", "long ended"]


class TestARestart:
    def test_usr1_executes_it_anew(self, supervise, effects, tmp_path):
        queues = supervise(ONE)
        pid, old = queues.pid, queues.workers()
        hostile.lasts_until_there_is.send(str(tmp_path / "end"), "long")
        seconds_until(lambda: "long began" in effects(), 5)
        queues.signal(signal.SIGUSR1)
        seconds_until(happened("restarted"), 30)
        (tmp_path / "end").touch()
        seconds_until(lambda: queues.workers() and not set(queues.workers()) & set(old), 20)
        assert queues.pid == pid
        assert effects() == ["long began", "long ended"]
        assert Attempt.objects.get().outcome == "completed"

    def test_a_stop_during_it_is_a_stop(self, supervise):
        queues = supervise(ONE)
        queues.signal(signal.SIGUSR1)
        time.sleep(random.Random(5).uniform(0.5, 3))
        queues.signal(signal.SIGTERM)
        assert queues.wait(20) == 0
        assert Supervisor.objects.get().status == "stopped"


class TestAnyMoment:
    def test_no_signal_at_any_moment_loses_a_job_or_runs_one_twice(self, supervise):
        dice, numbers = random.Random(20), iter(range(10_000))
        for hit in (signal.SIGUSR1, signal.SIGHUP, signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            queues = supervise({"all": {"queues": ALL, "processes": 3}}, wait=False)
            send_many([actors.atomic_effect.message(next(numbers)) for _ in range(100)])
            time.sleep(dice.uniform(0.8, 2.5))
            if workers := queues.workers():
                kill(dice.choice(workers), dice.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP]))
            time.sleep(dice.uniform(0, 0.3))
            send_many([actors.atomic_effect.message(next(numbers)) for _ in range(100)])
            queues.signal(hit)
            time.sleep(dice.uniform(0, 2.5))
            if hit == signal.SIGUSR1:
                queues.kill()
            # A busy machine takes longer: a forker that is itself late gives a suspended worker more time.
            queues.wait(60)
        supervise(ONE)
        seconds_until(all_over, 60)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*), count(DISTINCT number) FROM effect")
            assert cursor.fetchone() == (1000, 1000)
        assert count(status="completed") == 1000


class TestHowProcessesRun:
    def test_they_are_as_nice_as_their_pool_says(self, supervise):
        queues = supervise(
            {"low": {"queues": ["low"], "processes": 1, "nice": 7}, "high": {"queues": ["high"], "processes": 1}}
        )
        here = psutil.Process(queues.pid).nice()
        nice = {Worker.objects.get(pid=pid).pool: psutil.Process(pid).nice() - here for pid in queues.workers()}
        assert nice == {"low": 7, "high": 0}

    def test_they_rest_before_each_job_and_it_is_no_part_of_the_run(self, supervise):
        supervise({"all": {"queues": ALL, "processes": 1, "rest": 0.5}})
        for number in range(4):
            actors.nothing.send(number)
        seconds_until(all_over, 10)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM started_at - lag(started_at) OVER (ORDER BY started_at)),"
                " extract(epoch FROM finished_at - started_at) FROM queues_attempt_told ORDER BY started_at"
            )
            pauses, took = zip(*cursor.fetchall(), strict=True)
        assert min(pauses[1:]) >= 0.45
        assert max(took) < 0.4


class TestAnotherSystem:
    """Without prctl, memfd_create and sigtimedwait, as on macOS."""

    def test_it_works_stops_and_leaves_no_orphan(self, supervise, effects):
        queues = supervise({"all": {"queues": ALL, "processes": 2}}, TEST_OTHER_SYSTEM="1")
        actors.slow.send(1, "first")
        seconds_until(lambda: "first began" in effects(), 5)
        queues.signal(signal.SIGTERM)
        assert queues.wait(10) == 0
        assert effects() == ["first began", "first ended"]
        queues = supervise({"all": {"queues": ALL, "processes": 2}}, TEST_OTHER_SYSTEM="1")
        children = queues.children()
        queues.kill()
        gone = seconds_until(lambda: not any(map(process.is_alive, children)), 4)
        print(f"\nwithout PDEATHSIG no child outlives the forker by more than {gone:.1f} s")

    def test_a_killed_worker_is_replaced_there_as_well(self, supervise, effects):
        queues = supervise({"all": {"queues": ALL, "processes": 1}}, TEST_OTHER_SYSTEM="1")
        actors.slow.send(2, "victim")
        seconds_until(lambda: "victim began" in effects(), 5)
        kill(queues.workers()[0])
        seconds_until(lambda: effects().count("victim began") == 2, 3)
        assert wait_until(all_over, 5)
