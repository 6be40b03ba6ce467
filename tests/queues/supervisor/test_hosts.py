"""Several hosts, and PostgreSQL away: the silent are not dead at once, the dead are seen, and all share the work."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from askpro.queues import send_many
from askpro.queues.ledger.database import application_name
from askpro.queues.models import Attempt, FleetEvent, Job, Supervisor, Worker
from tests.queues import actors, hostile
from tests.queues.door import Door
from tests.queues.queues_run import kill, seconds_until
from tests.queues.supervised import ALL, all_over, command, count, happened

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("disasters")]
# The two ends of a cable.
CABLE = "10.231.7"


ONE = {"all": {"queues": ALL, "processes": 1}}
# For tests that are not about the fifteen seconds.
SOONER = {} if os.environ.get("ASKPRO_TEST_LONG") == "1" else {"TEST_SILENT_AFTER": "7"}


class TestADeadHost:
    """Two supervisors in process groups of their own, which know nothing of each other's processes."""

    def test_its_jobs_run_elsewhere_within_twenty_seconds_and_it_is_told(self, supervise, effects):
        first = supervise(ONE, ASKPRO_HOST="one")
        actors.slow.send(60, "orphan")
        seconds_until(lambda: "orphan began" in effects(), 5)
        supervise(ONE, ASKPRO_HOST="two")
        first.signal_all(signal.SIGKILL)
        gone = seconds_until(lambda: effects().count("orphan began") == 2, 25)
        print(f"\nhost loss (kill -9 of its process group): its job runs elsewhere after {gone:.1f} s")
        assert gone < 20
        dead = Supervisor.objects.get(status="dead")
        assert dead.host == "one"
        assert f"Supervisor {dead.pk} on one" in FleetEvent.objects.get(kind="supervisor_dead").text
        assert Attempt.objects.get(claim_no=1).outcome == "lost"
        assert Job.objects.get().losses == 1

    def test_one_that_was_frozen_comes_back_and_changes_nothing_that_others_did(self, supervise, effects):
        first = supervise(ONE, ASKPRO_HOST="one", **SOONER)
        hostile.atomic_and_slow.send(8)
        seconds_until(lambda: count(status="processing") == 1, 5)
        supervise(ONE, ASKPRO_HOST="two", **SOONER)
        first.signal_all(signal.SIGSTOP)
        gone = seconds_until(happened("supervisor_dead"), 20)
        print(f"\na host was frozen (SIGSTOP of its process group): it counts as dead after {gone:.1f} s")
        seconds_until(all_over, 20)
        assert effects() == ["atomic and slow"]
        first.signal_all(signal.SIGCONT)
        seconds_until(happened("supervisor_back"), 10)
        assert "on one beats again" in FleetEvent.objects.get(kind="supervisor_back").text
        seconds_until(lambda: Supervisor.objects.filter(status="running").count() == 2, 5)
        assert effects() == ["atomic and slow"]
        actors.nothing.send(1)
        seconds_until(all_over, 5)
        assert count(status="completed") == 2
        told = FleetEvent.objects.filter(kind__startswith="supervisor_").order_by("pk").values_list("kind", "about")
        assert [*told] == [("supervisor_dead", "one"), ("supervisor_back", "one")]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """A network of its own for one host, at the other end of a cable that can be pulled: `link("down")`."""
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("needs root and iproute2")

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)

    try:
        ip("netns", "add", "askpro")
    except subprocess.CalledProcessError:
        pytest.skip("this system lets nobody make a network")
    try:
        ip("link", "add", "askpro0", "type", "veth", "peer", "name", "askpro1", "netns", "askpro")
        ip("addr", "add", f"{CABLE}.1/30", "dev", "askpro0")
        ip("link", "set", "askpro0", "up")
        ip("-n", "askpro", "addr", "add", f"{CABLE}.2/30", "dev", "askpro1")
        ip("-n", "askpro", "link", "set", "askpro1", "up")
        yield lambda state: ip("link", "set", "askpro0", state)
    finally:
        ip("netns", "del", "askpro")


class TestAHostThatIsCutOff:
    """A host in its own network namespace: its packets are dropped without notice."""

    def test_its_jobs_run_elsewhere_and_what_it_did_meanwhile_counts_for_nothing(self, supervise, effects, network):
        values = connection.settings_dict
        door = Door(values["HOST"], int(values["PORT"]), address=f"{CABLE}.1")
        try:
            cut_off = supervise(
                ONE,
                through=("ip", "netns", "exec", "askpro"),
                ASKPRO_HOST="one",
                REDIS_URL="",
                **SOONER,
                **through(door),
            )
            hostile.atomic_and_slow.send(8)
            seconds_until(lambda: count(status="processing") == 1, 5)
            supervise(ONE, ASKPRO_HOST="two", **SOONER)
            network("down")
            gone = seconds_until(happened("supervisor_dead"), 25)
            print(f"\na host was cut off: it counts as dead after {gone:.1f} s")
            assert gone < 20
            seconds_until(all_over, 15)
            assert effects() == ["atomic and slow"]
            assert count(status="completed", losses=1) == 1
            network("up")
            seconds_until(happened("supervisor_back"), 40)
            assert len(cut_off.workers()) == 1
            assert effects() == ["atomic and slow"]
        finally:
            door.close()


class TestTwoHosts:
    def test_together_they_have_what_the_fleet_needs_and_neither_more_than_its_maximum(self, supervise):
        pool = {"queues": ["critical"], "min_processes": 1, "max_processes": 4, "max_shift": 4, "cooldown": 1}
        first, second = (supervise({"busy": pool}, ASKPRO_HOST=host) for host in ("one", "two"))
        most = [0, 0]
        began = time.monotonic()
        send_many([hostile.critical_and_slow.message(0.1) for _ in range(2_000)])

        def both() -> list[int]:
            now = [len(first.workers()), len(second.workers())]
            most[:] = map(max, most, now)
            return now

        seconds_until(lambda: both() == [4, 4], 60)
        up = time.monotonic() - began
        command("queues_clear", "critical", force=True)
        seconds_until(lambda: both() and all_over(), 60)
        # Jobs arrive all the time, as many as one and a half processes can do.
        until, needed = time.monotonic() + 10, []
        while time.monotonic() < until:
            hostile.critical_and_slow.send(0.2)
            time.sleep(0.13)
            needed.append(sum(both()))
        print(f"\ntwo hosts: 2 to 8 processes after {up:.1f} s, {needed[-1]} for a steady load of 1.5, {most} at most")
        assert most == [4, 4]
        assert needed[-1] <= 4
        work = Worker.objects.filter(pk__in=Attempt.objects.values("worker_id"))
        assert set(work.values_list("host", flat=True)) == {"one", "two"}


def has_a_new_session(worker_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity, queues_worker"
            " WHERE application_name = %s AND queues_worker.id = %s AND backend_start > ended_at",
            [application_name(worker_id), worker_id],
        )
        return cursor.fetchone() is not None


class TestASilentHeart:
    def test_living_workers_without_it_claim_nothing_and_do_so_again_with_it(self, supervise):
        first = supervise({"all": {"queues": ALL, "processes": 1}})
        theirs = Worker.objects.get().pk
        for pid in (first.pid, *first.chores()):
            kill(pid, signal.SIGSTOP)
        # The result of fifteen seconds of silence.
        Supervisor.objects.update(status="dead")
        second = supervise({"all": {"queues": ALL, "processes": 1}})
        seconds_until(lambda: Worker.objects.get(pk=theirs).status == "dead", 5)
        # Its sessions were ended; with new ones it could claim.
        seconds_until(lambda: has_a_new_session(theirs), 10)
        send_many([actors.slow.message(0.02, f"{number}") for number in range(60)])
        seconds_until(all_over, 20)
        assert not Attempt.objects.filter(worker_id=theirs).exists()
        assert count(losses=0) == 60
        for pid in (first.pid, *first.chores()):
            kill(pid, signal.SIGCONT)
        seconds_until(lambda: Worker.objects.get(pk=theirs).status == "running", 6)
        second.terminate()
        second.wait(20)
        actors.nothing.send(1)
        seconds_until(all_over, 10)
        assert Attempt.objects.get(job__actor_name="nothing").worker_id == theirs


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
    where = f"{door.address}:{door.port}"
    return {"DATABASE_URL": f"postgres://{values['USER']}:{values['PASSWORD']}@{where}/{values['NAME']}"}


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
