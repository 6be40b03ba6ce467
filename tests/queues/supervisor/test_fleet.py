"""A supervisor's life with real processes: it balances, pauses, restarts, recycles, and sees who is stuck or gone."""

import os
import signal
import time
from pathlib import Path

import pytest
from django.db import connection

from askpro.queues import send_many
from askpro.queues.models import Attempt, FleetEvent, Job, Supervisor, Worker
from tests.queues import actors, hostile
from tests.queues.queues_run import kill, seconds_until, wait_until
from tests.queues.supervised import ALL, all_over, command, count, happened, longest_wait

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.also_without_redis(if_long=True),
]

IS_LONG = os.environ.get("ASKPRO_TEST_LONG") == "1"
# Enough work left for six processes when the fifth has started: with half of it the sixth is rarely wanted.
JOBS = 200
# Three fifths of what runs with --long.
PAIRS = 5 if IS_LONG else 3


class TestBalancing:
    def test_it_goes_up_under_load_and_down_again(self, supervise):
        queues = supervise({"busy": {"queues": ["critical"], "max_processes": 6, "max_shift": 2, "cooldown": 1}})
        assert len(queues.workers()) == 1
        for _ in range(JOBS):
            hostile.critical_and_slow.send(0.3)
        up = seconds_until(lambda: len(queues.workers()) == 6, 10)
        seconds_until(lambda: count(status="completed") == JOBS, 40)
        down = seconds_until(lambda: len(queues.workers()) == 1, 20)
        print(f"\n1 to 6 processes after {up:.1f} s, back at 1 {down:.1f} s after the last job")

    def test_two_critical_jobs_beside_a_big_backlog_keep_their_promise(self, supervise):
        pool = {
            "queues": ["critical", "default"],
            "min_processes": 1,
            "max_processes": 6,
            "max_shift": 2,
            "cooldown": 1,
        }
        supervise({"all": pool})
        send_many([actors.slow.message(0.5, f"{number}") for number in range(1000)])
        for _ in range(PAIRS):
            hostile.critical_and_slow.send(1)
            hostile.critical_and_slow.send(1)
            time.sleep(2)
        seconds_until(lambda: count(queue_name="critical", status="completed") == 2 * PAIRS, 10)
        print(f"\nbeside 1,000 jobs a critical one waited {longest_wait('critical'):.2f} s at most; promised are 5 s")
        assert longest_wait("critical") < 5

    def test_scaling_by_command_holds_until_auto(self, supervise):
        queues = supervise({"all": {"queues": ALL, "processes": 2}})
        command("queues_scale", "all", "4")
        seconds_until(lambda: len(queues.workers()) == 4, 5)
        kill(queues.chores()[0])
        assert not wait_until(lambda: len(queues.workers()) != 4, 2.5)
        command("queues_scale", "all", "auto")
        seconds_until(lambda: len(queues.workers()) == 2, 10)


class TestPause:
    def test_nothing_starts_any_more_within_a_second_and_everything_does_after_it(self, supervise, effects):
        supervise({"all": {"queues": ALL, "processes": 2, "threads": 2}})
        for number in range(400):
            actors.slow.send(0.05, f"{number}")
        seconds_until(lambda: len(effects()) > 10, 5)
        command("queues_pause", "default")
        time.sleep(1)
        before = sum(name.endswith("began") for name in effects())
        time.sleep(1)
        assert sum(name.endswith("began") for name in effects()) == before < 400
        assert count(status="processing") == 0
        assert count(tries_spent__gt=0) == 0
        command("queues_resume", "default")
        seconds_until(all_over, 20)
        assert count(status="completed") == 400

    def test_it_holds_over_a_restart_of_everything(self, supervise):
        command("queues_pause", actor=["nothing"])
        queues = supervise({"all": {"queues": ALL, "processes": 1}})
        actors.nothing.send(1)
        actors.alone.send("a")
        seconds_until(lambda: count(actor_name="alone", status="completed") == 1, 5)
        queues.terminate()
        assert queues.wait(10) == 0
        supervise({"all": {"queues": ALL, "processes": 1}})
        assert not wait_until(lambda: count(actor_name="nothing", status="completed"), 2)


class TestARestart:
    def test_new_processes_work_while_the_old_finish_and_nothing_is_lost(self, supervise, effects, tmp_path):
        queues = supervise({"all": {"queues": ALL, "processes": 2}})
        pid, old, row = queues.pid, queues.workers(), Supervisor.objects.get()
        hostile.lasts_until_there_is.send(str(tmp_path / "end"), "long")
        seconds_until(lambda: "long began" in effects(), 5)
        command("queues_restart")
        seconds_until(lambda: len(set(queues.workers()) - set(old)) == 2, 15)
        assert "long ended" not in effects(), "the old process should still be at it"
        actors.slow.send(0.1, "short")
        seconds_until(lambda: "short ended" in effects(), 5)
        (tmp_path / "end").touch()
        seconds_until(lambda: not set(queues.workers()) & set(old), 60)
        assert effects().count("long ended") == 1
        assert count(status="completed", tries_spent=0) == 2
        assert queues.pid == pid
        assert list(Supervisor.objects.values_list("pk", "status")) == [(row.pk, "running")]
        assert len(queues.chores()) == 1

    def test_new_code_runs_and_code_that_does_not_start_changes_nothing(self, supervise, tmp_path):
        module = tmp_path / "fresh_actors.py"
        source = (
            "from askpro.queues import actor\nfrom tests.queues.actors import effect\n"
            "@actor(queue_name='default')\ndef fresh() -> None:\n    effect('VERSION')\n"
        )
        module.write_text(source.replace("VERSION", "one"))
        path = os.pathsep.join([str(tmp_path), str(Path(__file__).resolve().parents[3])])
        names = "tests.queues.actors,tests.queues.hostile,fresh_actors"
        # The bytecode cache could not tell two versions of the same size and second apart.
        fresh = {"PYTHONPATH": path, "TEST_ACTORS": names, "PYTHONDONTWRITEBYTECODE": "1"}
        queues = supervise({"all": {"queues": ALL, "processes": 1}}, **fresh)
        old = queues.workers()
        module.write_text("this is no Python")
        command("queues_restart")
        seconds_until(happened("restart_trouble"), 20)
        assert queues.workers() == old
        module.write_text(source.replace("VERSION", "two"))
        command("queues_restart")
        seconds_until(lambda: queues.workers() and not set(queues.workers()) & set(old), 60)
        send_fresh()
        seconds_until(lambda: "two" in all_effects(), 10)

    def test_a_changed_file_is_loaded_with_debug(self, supervise):
        queues = supervise({"all": {"queues": ALL, "processes": 1}}, DEBUG="1")
        old = queues.workers()
        Path(actors.__file__).touch()
        took = seconds_until(lambda: queues.workers() and not set(queues.workers()) & set(old), 60)
        print(f"\na changed file is at work after {took:.1f} s")


def send_fresh() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO queues_job (id, actor_name, queue_name, args, kwargs, options, tags, status, ready_at)"
            " VALUES (gen_random_uuid(), 'fresh', 'default', '[]', '{}', '{}', '{}', 'queued', now())"
        )


def all_effects() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM effect")
        return [row[0] for row in cursor.fetchall()]


class TestStop:
    def test_the_command_ends_every_supervisor(self, supervise):
        first, second = (supervise({"all": {"queues": ALL, "processes": 1}}) for _ in range(2))
        command("queues_stop")
        assert (first.wait(10), second.wait(10)) == (0, 0)

    def test_a_job_that_does_not_end_is_killed_at_its_limit_and_holds_nobody_up(self, supervise):
        queues = supervise({"all": {"queues": ALL, "processes": 1, "time_limit": 2}})
        actors.too_slow_in_c.send(60)
        seconds_until(lambda: count(status="processing"), 5)
        began = time.monotonic()
        queues.terminate()
        assert queues.wait(10) == 0
        print(f"\nSIGTERM beside a job that never listens: gone after {time.monotonic() - began:.1f} s")


class TestAStuckWorker:
    def test_a_stopped_process_is_seen_and_replaced_and_its_job_runs_again(self, supervise, effects):
        queues = supervise({"all": {"queues": ALL, "processes": 2}})
        hostile.patient.send("victim")
        seconds_until(lambda: "victim began" in effects(), 5)
        victim = Worker.objects.get(pk=Job.objects.get().worker_id).pid
        kill(victim, signal.SIGSTOP)
        seen = seconds_until(lambda: victim not in queues.workers(), 10)
        print(f"\na stopped worker was seen and killed after {seen:.1f} s")
        seconds_until(lambda: effects().count("victim began") == 2, 3)
        seconds_until(lambda: len(queues.workers()) == 2, 3)
        attempt = Attempt.objects.get(claim_no=1)
        assert (attempt.outcome, attempt.error_class) == ("crashed", "WorkerKilled")
        assert Job.objects.get().tries_spent == 0
        assert "hostile.py" in attempt.trace
        assert "patient" in attempt.trace
        seconds_until(happened("worker_stuck"), 5)

    def test_where_a_job_hung_in_c_stands_on_its_attempt(self, supervise):
        supervise({"all": {"queues": ALL, "processes": 1}})
        actors.too_slow_in_c.send(60)
        seconds_until(all_over, 8)
        attempt = Attempt.objects.get()
        assert attempt.outcome == "timed_out"
        assert "too_slow_in_c" in attempt.trace


class TestRecycling:
    def test_a_process_makes_way_after_so_many_jobs(self, supervise):
        queues = supervise({"all": {"queues": ALL, "processes": 1, "max_jobs": 50}})
        old = queues.workers()
        for number in range(60):
            actors.nothing.send(number)
        seconds_until(lambda: queues.workers() and set(queues.workers()).isdisjoint(old), 10)
        seconds_until(all_over, 5)
        assert count(status="completed", tries_spent=0) == 60

    def test_a_process_makes_way_at_its_age(self, supervise):
        queues = supervise({"all": {"queues": ALL, "processes": 1, "max_age": 2}})
        old = queues.workers()
        seconds_until(lambda: queues.workers() and set(queues.workers()).isdisjoint(old), 6)

    def test_a_leak_is_ended_by_private_memory_and_the_other_pool_does_not_notice(self, supervise):
        queues = supervise(
            {
                "leaky": {"queues": ["default"], "processes": 1, "memory": 100},
                "other": {"queues": ["high"], "processes": 1, "memory": 100},
            }
        )
        (leaky,) = Worker.objects.filter(pool="leaky").values_list("pid", flat=True)
        (other,) = Worker.objects.filter(pool="other").values_list("pid", flat=True)
        hostile.leaks.send(150)
        seconds_until(lambda: leaky not in queues.workers(), 15)
        seconds_until(happened("recycled"), 5)
        assert "MB of 100 MB" in FleetEvent.objects.get(kind="recycled").text
        assert other in queues.workers()
        assert count(status="completed", tries_spent=0) == 1


class TestTroubleInOnePool:
    """A hung socket, a busy C loop, a failing import: the other pool's jobs continue at once."""

    @pytest.mark.parametrize("trouble", ["hangs_on_a_socket", "loops_in_c"])
    def test_a_job_that_hangs_holds_only_its_own_process(self, supervise, trouble):
        supervise({"bad": {"queues": ["default"], "processes": 1}, "good": {"queues": ["high"], "processes": 1}})
        getattr(hostile, trouble).send()
        seconds_until(lambda: count(status="processing") == 1, 5)
        for number in range(50):
            actors.tagged.send(number)
        took = seconds_until(lambda: count(queue_name="high", status="completed") == 50, 5)
        print(f"\nbeside {trouble}: 50 jobs of another pool took {took * 1000:.0f} ms")
        assert longest_wait("high") < 2
        seconds_until(lambda: Job.objects.get(actor_name=trouble).status == "dead", 10)

    def test_a_pool_that_cannot_start_is_reported_and_the_other_works(self, supervise):
        supervise(
            {"bad": {"queues": ["default"], "processes": 1}, "good": {"queues": ["high"], "processes": 1}},
            wait=False,
            TEST_AFTER_FORK="tests.queues.hostile.die_in_pool_bad",
        )
        seconds_until(lambda: Worker.objects.filter(pool="good", status="running").exists(), 20)
        for number in range(50):
            actors.tagged.send(number)
        seconds_until(lambda: count(queue_name="high", status="completed") == 50, 5)
        seconds_until(happened("start_trouble"), 20)
        assert "bad" in FleetEvent.objects.filter(kind="start_trouble").first().text
