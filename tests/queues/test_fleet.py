"""A supervisor's life with real processes: it balances, pauses, restarts, recycles, and sees who is stuck or gone."""

import io
import itertools
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.core.management import call_command
from django.db import connection

from askpro.queues import send_many
from askpro.queues.models import Attempt, FleetEvent, Job, Supervisor, Worker
from tests.queues import actors, hostile
from tests.queues.door import Door
from tests.queues.processes import QueuesRun, kill, seconds_until, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
ALL = ["critical", "high", "default", "webhooks", "notifications", "low"]
Supervise = Callable[..., QueuesRun]


@pytest.fixture
def supervise(
    transactional_db: None, redis_client: object, child_environment: Callable[..., dict[str, str]], tmp_path: Path
) -> Iterator[Supervise]:
    """Start a `queues_run` with these pools; all of them are gone before the tables are emptied."""
    started: list[QueuesRun] = []

    def run(pools: dict[str, dict[str, Any]], wait: bool = True, **environment: str) -> QueuesRun:
        log = tmp_path / f"queues-{len(started)}.log"
        least = sum(
            pool.get("processes") or pool.get("min_processes", 1) * len(pool["queues"]) for pool in pools.values()
        )
        env = child_environment(TEST_POOLS=json.dumps(pools), **environment)
        started.append(QueuesRun(env, log, least))
        return started[-1].start(wait)

    yield run
    for queues in started:
        queues.stop()


def command(name: str, *arguments: str, **options: Any) -> None:
    call_command(name, *arguments, stdout=io.StringIO(), **options)


def count(**conditions: object) -> int:
    return Job.objects.filter(**conditions).count()


def all_over() -> bool:
    return not Job.objects.filter(status__in=Job.LIVE).exists()


def happened(kind: str) -> Callable[[], bool]:
    return lambda: FleetEvent.objects.filter(kind=kind).exists()


def longest_wait(queue: str) -> float:
    """Seconds from ready to start of the job of this queue that waited longest."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(extract(epoch FROM started_at - ready_at)) FROM queues_attempt"
            " JOIN queues_job ON job_id = id WHERE queue_name = %s",
            [queue],
        )
        return float(cursor.fetchone()[0])


class TestBalancing:
    def test_it_goes_up_under_load_and_down_again(self, supervise):
        queues = supervise({"busy": {"queues": ["critical"], "max_processes": 6, "max_shift": 2, "cooldown": 1}})
        assert len(queues.workers()) == 1
        for _ in range(200):
            hostile.critical_and_slow.send(0.3)
        up = seconds_until(lambda: len(queues.workers()) == 6, 10)
        seconds_until(lambda: count(status="completed") == 200, 40)
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
        for _ in range(5):
            hostile.critical_and_slow.send(1)
            hostile.critical_and_slow.send(1)
            time.sleep(2)
        seconds_until(lambda: count(queue_name="critical", status="completed") == 10, 10)
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
    def test_new_processes_work_while_the_old_finish_and_nothing_is_lost(self, supervise, effects):
        queues = supervise({"all": {"queues": ALL, "processes": 2}})
        pid, old, row = queues.pid, queues.workers(), Supervisor.objects.get()
        actors.slow.send(12, "long")
        seconds_until(lambda: "long began" in effects(), 5)
        command("queues_restart")
        seconds_until(lambda: len(set(queues.workers()) - set(old)) == 2, 15)
        assert "long ended" not in effects(), "the old process should still be at it"
        actors.slow.send(0.1, "short")
        seconds_until(lambda: "short ended" in effects(), 5)
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
        path = os.pathsep.join([str(tmp_path), str(Path(__file__).resolve().parents[2])])
        names = "tests.queues.actors,tests.queues.hostile,fresh_actors"
        queues = supervise({"all": {"queues": ALL, "processes": 1}}, PYTHONPATH=path, TEST_ACTORS=names)
        old = queues.workers()
        module.write_text("this is no Python")
        command("queues_restart")
        seconds_until(happened("restart_trouble"), 20)
        assert queues.workers() == old
        module.write_text(source.replace("VERSION", "two"))
        command("queues_restart")
        seconds_until(lambda: queues.workers() and not set(queues.workers()) & set(old), 60)
        seconds_until(lambda: send_fresh() or "two" in all_effects(), 10)

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
    time.sleep(0.3)


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
        assert attempt.outcome == "crashed"
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
    """A hung socket, a busy C loop, an import that explodes: the other pool's jobs go on at once."""

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


class TestADeadHost:
    def test_its_end_is_an_event_and_its_jobs_run_elsewhere(self, supervise, effects):
        first = supervise({"all": {"queues": ALL, "processes": 1}})
        actors.slow.send(30, "orphan")
        seconds_until(lambda: "orphan began" in effects(), 5)
        # As another host sees it: the pids mean nothing there.
        Supervisor.objects.update(pid_space="elsewhere")
        supervise({"all": {"queues": ALL, "processes": 1}})
        first.kill()
        gone = seconds_until(lambda: effects().count("orphan began") == 2, 25)
        print(f"\na host fell silent: its job runs elsewhere after {gone:.1f} s")
        assert gone < 20
        assert happened("supervisor_dead")()
        assert Supervisor.objects.filter(status="dead").count() == 1


@pytest.fixture
def door() -> Iterator[Door]:
    values = connection.settings_dict
    door = Door(values["HOST"], int(values["PORT"]))
    yield door
    door.close()


def diary(folder: Path) -> list[str]:
    path = folder / "diary"
    return path.read_text().split() if path.exists() else []


def through(door: Door) -> dict[str, str]:
    values = connection.settings_dict
    return {"DATABASE_URL": f"postgres://{values['USER']}:{values['PASSWORD']}@127.0.0.1:{door.port}/{values['NAME']}"}


class TestPostgreSQLAway:
    @pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=pytest.mark.long)])
    def test_nobody_is_declared_dead_and_nothing_runs_twice(self, supervise, door, tmp_path, seconds):
        pools = {"all": {"queues": ALL, "processes": 2}}
        first, second = supervise(pools, **through(door)), supervise(pools, **through(door))
        workers = {*first.workers(), *second.workers()}
        # Some end while it is away, some after it; none needs it to run.
        for number in range(4):
            hostile.writes_to_a_file.send(str(tmp_path / "diary"), seconds * (0.5 + number / 3))
        seconds_until(lambda: diary(tmp_path).count("began") == 4, 5)
        door.shut()
        time.sleep(seconds)
        assert {*first.workers(), *second.workers()} == workers
        door.open()
        seconds_until(all_over, seconds + 20)
        time.sleep(1)
        assert sorted(diary(tmp_path)) == ["began"] * 4 + ["ended"] * 4
        assert list(Supervisor.objects.values_list("status", flat=True)) == ["running"] * 2
        assert not Worker.objects.exclude(status="running").exists()
        assert count(status="completed", tries_spent=0, losses=0) == Attempt.objects.count() == 4

    def test_a_stop_does_not_wait_for_it(self, supervise, door):
        queues = supervise({"all": {"queues": ALL, "processes": 2, "time_limit": 3}}, **through(door))
        door.shut()
        time.sleep(1)
        began = time.monotonic()
        queues.terminate()
        assert queues.wait(25) == 0
        print(f"\nSIGTERM while PostgreSQL is away: gone after {time.monotonic() - began:.1f} s")


@pytest.mark.long
class TestFortyWorkers:
    def test_they_are_small_quick_to_start_and_idle_when_idle(self, supervise):
        queues = supervise({"all": {"queues": ["default"], "processes": 40}}, wait=False)
        seconds_until(lambda: queues.workers(), 30)
        took = seconds_until(lambda: Worker.objects.filter(status="running").count() == 40, 30)
        actors.nothing.send(1)
        seconds_until(all_over, 5)
        time.sleep(5)
        memory = [psutil.Process(pid).memory_full_info().uss / 1e6 for pid in queues.workers()]
        used, over = cpu_seconds(queues), 20
        time.sleep(over)
        idle = (cpu_seconds(queues) - used) / over
        print(
            f"\n40 workers: all there {took:.2f} s after the first fork; private memory {max(memory):.1f} MB at most;"
            f" the idle fleet (forker, chores, workers) uses {idle * 100:.1f} % of one core"
        )
        assert max(memory) <= 20
        assert took <= 1
        assert idle < 0.03


@pytest.mark.long
class TestARollingRestartUnderLoad:
    def test_no_job_is_lost_or_run_twice_or_waits_long(self, supervise):
        queues = supervise({"all": {"queues": ALL, "processes": 2, "threads": 4}})
        old = queues.workers()
        until, total = time.monotonic() + 20, 0
        restarted = False
        while time.monotonic() < until:
            began = time.monotonic()
            send_many([actors.nothing.message(total + number) for number in range(100)])
            total += 100
            if not restarted and total > 3000:
                command("queues_restart")
                restarted = True
            time.sleep(max(0.0, began + 0.1 - time.monotonic()))
        seconds_until(all_over, 30)
        seconds_until(lambda: not set(queues.workers()) & set(old), 10)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY"
                " extract(epoch FROM started_at - ready_at)), count(*)"
                "  FROM queues_attempt JOIN queues_job ON job_id = id"
            )
            (median, p99, longest), attempts = cursor.fetchone()
        print(
            f"\nrestart under {total / 20:.0f} jobs a second: {total} sent, {attempts} runs;"
            f" delay {median * 1000:.0f} ms at the median, p99 {p99 * 1000:.0f} ms, longest {longest:.2f} s"
        )
        assert attempts == total == count(status="completed")
        assert longest < 5


def cpu_seconds(queues: QueuesRun) -> float:
    """Of the forker and all of its children, so far."""
    processes = [psutil.Process(queues.pid), *psutil.Process(queues.pid).children()]
    return sum(itertools.chain.from_iterable(process.cpu_times()[:2] for process in processes))
