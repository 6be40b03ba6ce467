"""Real processes under real signals: what the engine promises when something dies."""

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from askpro.dev.up import process
from askpro.queues import chain, interventions, send_many
from askpro.queues.ledger import hints, limits
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.ledger.recover import recover_lost
from askpro.queues.models import Attempt, FleetEvent, Job, Lock, Supervisor, Worker
from askpro.queues.worker.workload import SURE_FOR
from tests.queues import actors, hostile
from tests.queues.queues_run import QueuesRun, kill, seconds_until, slowness, wait_until

IS_LONG = os.environ.get("ASKPRO_TEST_LONG") == "1"
IN_ORDER = 500 if IS_LONG else 60
# Other tests keep the machine busy, so one of five must be on time.
ROUNDS = 1 if IS_LONG else 5

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.also_without_redis(if_long=True),
]


@pytest.fixture
def start(
    transactional_db: None, redis_client: object, child_environment: Callable[..., dict[str, str]], tmp_path: Path
) -> Iterator[Callable[..., QueuesRun]]:
    """Start a `queues_run`; all of them are gone before the tables are emptied."""
    started: list[QueuesRun] = []

    def run(processes: int = 1, threads: int = 1, wait: bool = True, **environment: str) -> QueuesRun:
        log = tmp_path / f"queues-{len(started)}.log"
        started.append(QueuesRun(child_environment(**environment), log, processes, threads))
        return started[-1].start(wait)

    yield run
    for queues in started:
        queues.stop()


def count(**conditions: object) -> int:
    return Job.objects.filter(**conditions).count()


def all_over() -> bool:
    return not Job.objects.filter(status__in=Job.LIVE).exists()


def worker_of(queues: QueuesRun, job: Job) -> int:
    """The process id of the worker that holds the job."""
    job.refresh_from_db()
    pid = Worker.objects.get(pk=job.worker_id).pid
    assert pid in queues.workers()
    return pid


def row_is_free() -> bool:
    """Whether the row that `hostile.holds_a_row` locks is free."""
    try:
        with transaction.atomic():
            return Lock.objects.select_for_update(nowait=True).filter(key="row").exists()
    except OperationalError:
        return False


def started(names: Callable[[], list[str]], name: str, times: int = 1) -> Callable[[], bool]:
    return lambda: names().count(f"{name} began") >= times


class TestAKilledWorker:
    def test_its_running_job_runs_again_within_a_second(self, start, effects):
        queues = start(processes=2)
        actors.slow.send(1, "victim")
        seconds_until(started(effects, "victim"), 5)
        kill(worker_of(queues, Job.objects.get()))
        again = seconds_until(started(effects, "victim", 2), 3)
        print(f"\nkill -9 of a worker: its job runs again after {again * 1000:.0f} ms")
        seconds_until(all_over, 5)
        job = Job.objects.get()
        assert (job.status, job.tries_spent, job.losses) == ("completed", 1, 0)
        assert list(job.attempts.order_by("claim_no").values_list("outcome", flat=True)) == ["crashed", "completed"]

    def test_what_it_had_merely_claimed_costs_nothing(self, start, effects):
        queues = start()
        actors.slow.send(1, "first")
        for number in range(20):
            actors.nothing.send(number)
        seconds_until(started(effects, "first"), 5)
        kill(queues.workers()[0])
        seconds_until(all_over, 10)
        assert count(actor_name="nothing", status="completed", tries_spent=0, losses=0) == 20
        assert Attempt.objects.filter(job__actor_name="nothing").count() == 20

    def test_another_one_takes_its_place(self, start):
        queues = start(processes=2)
        victim = min(queues.workers())
        kill(victim)
        seconds_until(lambda: victim not in queues.workers() and len(queues.workers()) == 2, 5)
        row = Worker.objects.get(pid=victim)
        assert wait_until(lambda: Worker.objects.filter(pk=row.pk, status="dead").exists(), 3)

    def test_its_open_transaction_holds_no_lock_any_more(self, start, effects):
        queues = start()
        hostile.holds_a_row.send(5)
        seconds_until(lambda: Lock.objects.filter(key="row").exists() and not row_is_free(), 5)
        kill(worker_of(queues, Job.objects.get()))
        seconds_until(row_is_free, 3)

    def test_an_atomic_job_that_was_killed_leaves_its_effect_once(self, start, effects):
        queues = start(processes=2)
        hostile.atomic_and_slow.send(1)
        job = Job.objects.get()
        seconds_until(lambda: count(status="processing"), 5)
        assert wait_until(lambda: process.is_alive(worker_of(queues, job)), 1)
        kill(worker_of(queues, job))
        seconds_until(all_over, 10)
        assert effects() == ["atomic and slow"]


class TestAStoppedWorker:
    def test_it_wakes_up_and_starts_nothing_that_was_given_away_meanwhile(self, start, effects):
        queues = start()
        send_many([actors.slow.message(0.02, f"{number}") for number in range(200)])
        # Once it has learnt how short they are, some wait in it.
        seconds_until(lambda: count(status="processing") > 2, 10)
        (pid,) = queues.workers()
        kill(pid, signal.SIGSTOP)
        before, held = effects(), count(status="processing")
        database = EngineConnection()
        assert recover_lost(database, Worker.objects.get(pid=pid).pk) == held > 1
        database.close()
        # These cannot be claimed: what starts from now on was claimed before.
        Job.objects.filter(status="queued").update(status="scheduled", run_at=timezone.now() + timedelta(hours=1))
        time.sleep(SURE_FOR)
        kill(pid, signal.SIGCONT)
        assert not wait_until(lambda: effects() != before, 1.0)
        assert queues.workers() == [pid]
        assert count(status="processing") == 0


@pytest.mark.also_without_redis
class TestAPoisonJob:
    def test_it_dies_after_its_tries_and_its_neighbours_lose_nothing(self, start):
        for number in range(30):
            actors.nothing.send(number)
        # Long enough for the jobs that ran before to be settled.
        hostile.kills_its_process_after.send(0.1)
        for number in range(30):
            actors.nothing.send(number)
        start()
        seconds_until(all_over, 20)
        poison = Job.objects.get(actor_name="kills_its_process_after")
        assert (poison.status, poison.tries_spent, poison.error_class) == ("dead", 2, "WorkerCrashed")
        assert list(poison.attempts.values_list("outcome", flat=True)) == ["crashed", "crashed"]
        assert count(actor_name="nothing", status="completed", tries_spent=0) == 60

    def test_many_deaths_in_a_row_are_no_trouble_at_the_start(self, start):
        """A process that begins a job has started well, even if it dies of the job at once."""
        start()
        send_many([actors.poison.message() for _ in range(8)])
        took = seconds_until(all_over, 30)
        print(f"\n16 deaths in a row took {took:.1f} s")
        assert took < 12
        assert not FleetEvent.objects.filter(kind="start_trouble").exists()

    def test_deaths_while_the_chores_process_is_gone_are_recovered_by_the_next(self, start):
        queues = start(processes=2)
        kill(queues.chores()[0], signal.SIGSTOP)
        actors.poison.send()
        seconds_until(lambda: Worker.objects.count() >= 3, 5)
        for pid in queues.chores():
            kill(pid)
        seconds_until(all_over, 10)
        assert Job.objects.get().status == "dead"
        assert Job.objects.get().tries_spent == 2


class TestTimeLimits:
    def test_slow_python_is_interrupted_and_its_process_goes_on(self, start):
        queues = start()
        pids = queues.workers()
        actors.too_slow.send()
        seconds_until(all_over, 6)
        attempt = Attempt.objects.get()
        assert (Job.objects.get().status, attempt.outcome) == ("dead", "timed_out")
        assert attempt.error_class.endswith("TimeLimitExceeded")
        assert queues.workers() == pids

    def test_what_does_not_listen_is_killed_with_its_process(self, start):
        queues = start()
        pids = queues.workers()
        actors.too_slow_in_c.send(60)
        seconds_until(all_over, 8)
        attempt = Attempt.objects.get()
        assert (Job.objects.get().status, attempt.outcome) == ("dead", "timed_out")
        assert set(queues.workers()).isdisjoint(pids)

    def test_whoever_runs_beside_it_loses_nothing(self, start, effects):
        start(threads=2)
        hostile.patient.send("bystander")
        seconds_until(started(effects, "bystander"), 5)
        actors.too_slow_in_c.send(60)
        seconds_until(all_over, 8)
        bystander, culprit = Job.objects.order_by("id")
        assert (culprit.status, culprit.tries_spent) == ("dead", 1)
        assert (bystander.status, bystander.tries_spent, bystander.losses) == ("completed", 0, 1)
        assert list(bystander.attempts.order_by("claim_no").values_list("outcome", flat=True)) == [
            "crashed",
            "completed",
        ]


class TestCancellingARunningJob:
    @pytest.mark.parametrize(("job", "attempt"), [(actors.naps, "cancelled"), (actors.slow, "timed_out")])
    def test_it_is_interrupted_and_what_does_not_listen_is_killed(self, start, effects, job, attempt):
        start()
        message = job.send(seconds=60, name="long")
        wait_until(started(effects, "long"), 10)
        assert interventions.cancel(message.message_id)
        wait_until(all_over, 20)
        assert Job.objects.get(pk=message.message_id).status == "cancelled"
        assert Attempt.objects.get(job_id=message.message_id).outcome == attempt
        assert "long ended" not in effects()


class TestHostileJobs:
    def test_whatever_a_job_raises_it_is_settled_and_its_process_goes_on(self, start):
        queues = start(threads=2)
        pids = queues.workers()
        for kind in hostile.ERRORS:
            hostile.raises.send(kind)
            hostile.loses_its_connection.send()
        seconds_until(lambda: not Job.objects.filter(status__in=("queued", "processing")).exists(), 10)
        expected = {kind: "released" if kind == "release for ever" else "dead" for kind in hostile.ERRORS}
        assert {job.args[0]: job.status for job in Job.objects.filter(actor_name="raises")} == expected
        assert count(actor_name="loses_its_connection", status="completed") == len(hostile.ERRORS)
        assert queues.workers() == pids

    def test_a_process_that_lost_a_thread_is_replaced(self, start):
        queues = start()
        pids = queues.workers()
        hostile.kills_its_thread.send()
        seconds_until(lambda: set(queues.workers()).isdisjoint(pids), 6)
        actors.nothing.send(1)
        seconds_until(all_over, 6)
        assert set(Job.objects.values_list("status", "tries_spent")) == {("completed", 0)}


@pytest.mark.also_without_redis
class TestAGracefulStop:
    def test_running_jobs_finish_and_claimed_ones_go_back_free(self, start, effects):
        queues = start()
        actors.slow.send(1, "last")
        for number in range(20):
            actors.slow.send(1, f"{number}")
        seconds_until(started(effects, "last"), 5)
        queues.terminate()
        assert queues.wait(10) == 0
        assert effects() == ["last began", "last ended"]
        assert count(status="completed") == 1
        assert count(status="queued", tries_spent=0, worker_id=None) == 20
        assert Attempt.objects.count() == 1
        assert set(Worker.objects.values_list("status", flat=True)) == {"stopped"}
        assert Supervisor.objects.get().status == "stopped"

    def test_a_job_that_ignores_its_time_limit_cannot_hold_it_up(self, start):
        queues = start()
        actors.too_slow_in_c.send(60)
        seconds_until(lambda: count(status="processing"), 5)
        queues.terminate()
        assert queues.wait(10) == 0
        assert (Job.objects.get().status, Attempt.objects.get().outcome) == ("dead", "timed_out")

    def test_it_is_quick_when_nothing_runs(self, start):
        queues = start(processes=2, threads=2)
        began = time.monotonic()
        queues.terminate()
        assert queues.wait(10) == 0
        assert time.monotonic() - began < 5


class TestAKilledSupervisor:
    def test_no_child_outlives_it_and_the_next_start_runs_everything(self, start, effects):
        queues = start(processes=2)
        children = queues.children()
        assert len(children) == 3
        for number in range(10):
            actors.slow.send(0.3, f"{number}")
        seconds_until(started(effects, "0"), 5)
        queues.kill()
        gone = seconds_until(lambda: not any(map(process.is_alive, children)), 2)
        print(f"\nkill -9 of queues_run: its children are gone after {gone * 1000:.0f} ms")
        start(processes=2)
        seconds_until(all_over, 20)
        assert count(status="completed") == 10
        assert not Worker.objects.filter(status="running", supervisor__status="dead").exists()

    def test_what_its_workers_had_merely_claimed_costs_nothing(self, start, effects):
        queues = start()
        send_many([actors.slow.message(0.02, f"{number}") for number in range(100)])
        # Once it has learnt how short they are, some wait in it.
        seconds_until(lambda: count(status="processing") > 2, 10)
        queues.stop()
        held = {job.args[1]: job.pk for job in Job.objects.filter(status="processing")}
        begun = {name.removesuffix(" began") for name in effects()} & held.keys()
        start()
        seconds_until(all_over, 20)
        lost = {job.args[1] for job in Job.objects.filter(losses=1)}
        # One may have been about to write its first line.
        assert begun <= lost < held.keys()
        assert count(status="completed", tries_spent=0) == 100
        assert Attempt.objects.filter(outcome="lost").count() == len(lost)

    def test_a_living_one_on_the_same_host_takes_its_jobs_at_once(self, start, effects):
        first = start()
        actors.slow.send(30, "orphan")
        seconds_until(started(effects, "orphan"), 5)
        second = start()
        first.kill()
        again = seconds_until(started(effects, "orphan", 2), 4)
        print(f"\nkill -9 of queues_run beside another: its job runs again after {again * 1000:.0f} ms")
        assert worker_of(second, Job.objects.get())
        assert list(Attempt.objects.values_list("claim_no", "outcome")) == [(1, "lost")]


class TestTroubleAtTheStart:
    def test_a_worker_that_dies_young_is_started_ever_more_rarely(self, start):
        queues = start(wait=False, TEST_AFTER_FORK="tests.queues.hostile.die_as_a_worker")
        seconds_until(lambda: queues.said().count("A worker of pool all ended") >= 3, 10)
        before = queues.said().count("A worker of pool all ended")
        assert not wait_until(lambda: queues.said().count("A worker of pool all ended") > before, 1.5)


class TestWithoutRedis:
    @pytest.mark.about_redis
    def test_everything_runs_by_age(self, start, effects, settings):
        settings.REDIS_URL = ""
        hints.pusher.cache_clear()
        start(processes=2, REDIS_URL="")
        waits = []
        for number in range(10):
            before = time.monotonic()
            actors.step.send(name=f"{number}")
            seconds_until(lambda number=number: f"{number}" in effects(), 3)
            waits.append(time.monotonic() - before)
        print(f"\nwithout Redis a job is picked up after {sorted(waits)[5] * 1000:.0f} ms (median of 10)")
        assert sorted(waits)[5] < 0.5
        with transaction.atomic():
            for number in range(300):
                actors.nothing.send(number)
            chain([actors.step.message(name="one"), actors.step.message(name="two")]).send()
            for number in range(5):
                actors.alone_and_slow.send(key="a", number=number)
        seconds_until(all_over, 15)
        assert set(Job.objects.values_list("status", "tries_spent")) == {("completed", 0)}


class TestAcrossProcesses:
    def test_jobs_that_were_sent_while_nothing_ran_are_found(self, start, redis_client):
        for number in range(100):
            actors.nothing.send(number)
        redis_client.flushdb()
        start()
        seconds_until(all_over, 10)
        assert count(status="completed") == 100

    def test_a_chain_runs_in_order_whoever_takes_its_steps(self, start, effects):
        start(processes=2, threads=2)
        with transaction.atomic():
            for _ in range(5):
                chain([actors.step.message(name=f"{number}") for number in range(6)]).send()
        seconds_until(all_over, 20)
        ends = dict(Job.objects.values_list("id", "finished_at"))
        steps = Job.objects.order_by("chain_id", "chain_step").values_list("chain_id", "id")
        for (chain_id, job_id), (next_chain, next_id) in itertools.pairwise(steps):
            if chain_id == next_chain:
                began = Attempt.objects.get(job_id=next_id).started_at
                assert began >= ends[job_id] - timedelta(milliseconds=1)
        assert sorted(effects()) == sorted(f"{number}" for number in range(6) for _ in range(5))

    def test_a_key_is_held_by_one_job_at_a_time(self, start, effects):
        start(processes=2, threads=4)
        for number in range(30):
            actors.alone_and_slow.send(key="a", number=number)
        took = seconds_until(all_over, 30)
        print(f"\n30 jobs of one key took {took:.1f} s on two processes")
        assert effects() == ["begin a", "end a"] * 30
        assert set(Job.objects.values_list("status", "tries_spent")) == {("completed", 0)}
        assert not Lock.objects.exists()

    def test_waiting_for_a_key_keeps_nobody_busy(self, start, effects):
        start(processes=2, threads=4)
        hostile.alone_and_waiting.send(key="k", seconds=2)
        seconds_until(started(effects, "alone"), 5)
        for _ in range(10):
            hostile.alone_and_waiting.send(key="k", seconds=0)
        seconds_until(all_over, 15)
        claims = max(Job.objects.values_list("claim_no", flat=True))
        print(f"\na job that waited 2 s for its key was claimed up to {claims} times")
        assert claims <= 15

    def test_a_hundred_short_jobs_behind_one_of_5_s_are_done_within_a_second(self, start, effects, tmp_path):
        start(processes=2)
        took = []
        for number in range(ROUNDS):
            end = tmp_path / f"end of {number}"
            hostile.lasts_until_there_is.send(str(end), f"slow {number}")
            seconds_until(started(effects, f"slow {number}"), 10)
            send_many([actors.nothing.message(number) for _ in range(100)])
            seconds_until(lambda: not Job.objects.filter(actor_name="nothing", status__in=Job.LIVE).exists(), 10)
            assert count(status="processing", actor_name="lasts_until_there_is") == 1
            done = Job.objects.filter(actor_name="nothing").aggregate(took=Max("finished_at") - Min("created_at"))
            took.append(done["took"].total_seconds() / slowness())
            print(f"\n100 short jobs behind a long one were done after {took[-1] * 1000:.0f} ms")
            if took[-1] < 1:
                break
            # Others keep the machine busy.
            end.touch()
            seconds_until(all_over, 10)
            Job.objects.filter(actor_name="nothing").delete()
        assert min(took) < 1

    def test_short_jobs_claimed_together_with_a_slow_one_go_to_who_is_free(self, start, effects):
        with transaction.atomic():
            actors.slow.send(5, "slow")
            for number in range(7):
                actors.nothing.send(number)
        start(processes=2)
        seconds_until(started(effects, "slow"), 5)
        took = seconds_until(lambda: count(status="completed") == 7, 5)
        print(f"\n7 short jobs claimed together with one of 5 s were done after {took * 1000:.0f} ms")
        assert took < 3

    def test_one_slow_job_leaves_the_other_threads_fed(self, start, effects):
        start(threads=4)
        actors.slow.send(4, "slow")
        seconds_until(started(effects, "slow"), 5)
        for number in range(30):
            actors.slow.send(0.1, f"{number}")
        took = seconds_until(lambda: count(status="completed") == 30, 4)
        print(f"\n30 jobs of 0.1 s beside a slow one took {took:.2f} s on three threads")
        assert took < 3
        assert count(status="processing") == 1

    def test_a_delayed_job_runs_at_its_time(self, start, effects):
        start()
        actors.step.send_with_options(kwargs={"name": "later"}, delay=1500)
        sent_at = time.monotonic()
        assert not wait_until(effects, 1.2)
        assert wait_until(effects, 6)
        waited = time.monotonic() - sent_at
        print(f"\na job delayed by 1.5 s ran after {waited:.2f} s")
        assert 1.45 < waited < 6

    def test_a_failing_job_runs_again_by_its_ladder(self, start):
        start()
        actors.atomic_then_fails.send(number=1)
        seconds_until(all_over, 10)
        job = Job.objects.get()
        assert (job.status, job.tries_spent) == ("dead", 3)
        starts = list(job.attempts.order_by("claim_no").values_list("started_at", flat=True))
        pauses = [(after - before).total_seconds() for before, after in itertools.pairwise(starts)]
        assert all(0.7 < pause < 3 for pause in pauses)


@pytest.mark.also_without_redis
class TestLimitsAcrossProcesses:
    @pytest.mark.parametrize(
        ("job", "rate", "period"),
        [
            pytest.param(actors.limited_and_fast, 20, 2.0, id="20 in 2 s"),
            pytest.param(actors.limited_to_sixty, 60, 60.0, id="60 a minute", marks=pytest.mark.long),
        ],
    )
    def test_no_window_holds_more_starts_than_the_rate_and_nobody_is_kept_busy_by_waiting(
        self, start, job, rate, period
    ):
        start(processes=4)
        starts_wanted = rate + rate // 2
        send_many([job.message() for _ in range(starts_wanted)])
        seconds_until(lambda: count(actor_name=job.actor_name, status="completed") >= 2, 10 + 2 * period / rate)
        send_many([actors.nothing.message(number) for number in range(100)])
        meanwhile = seconds_until(lambda: count(actor_name="nothing", status="completed") == 100, 10)
        wait_until(all_over, 3 * period + 20)
        starts = list(
            Attempt.objects.filter(job__actor_name=job.actor_name)
            .order_by("started_at")
            .values_list("started_at", flat=True)
        )
        assert len(starts) == starts_wanted
        # An attempt's start comes from two clocks, the worker's and the server's, which differ on a busy machine.
        apart = 0.1
        windows = zip(starts, starts[rate:], strict=False)
        assert all((later - first).total_seconds() > period - apart for first, later in windows)
        spaced = limits.spacing(rate, period)
        gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(starts)]
        assert min(gaps) > spaced.seconds - spaced.tolerance - apart
        assert sum(gaps) > (starts_wanted - 1) * spaced.seconds - spaced.tolerance - apart
        print(f"\n{starts_wanted} starts took {sum(gaps):.1f} s; 100 other jobs meanwhile {meanwhile:.2f} s")
        assert meanwhile < 5
        assert set(Job.objects.values_list("status", "tries_spent")) == {("completed", 0)}

    def test_jobs_of_an_ordered_key_run_one_after_the_other_through_their_retries(self, start):
        start(processes=4)
        send_many([actors.ordered_and_flaky.message(key="k", number=number) for number in range(IN_ORDER)])
        wait_until(all_over, 5 + IN_ORDER)
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, number FROM effect ORDER BY at")
            told = cursor.fetchall()
        expected: list[tuple[str, int]] = []
        for number in range(IN_ORDER):
            expected += [("begin", number), ("fail", number)] if number % 10 == 3 else []
            expected += [("begin", number), ("end", number)]
        assert told == expected
