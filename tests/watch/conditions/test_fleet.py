"""No host, dead hosts, stuck workers, workers that cannot start, workers that grow; vendors that count as away."""

from datetime import timedelta

import pytest

from askpro.queues.models import FleetEvent, GateState, Job, Supervisor, Worker
from tests.watch.conditions.finding import NOW, found

pytestmark = pytest.mark.django_db


def host(name: str = "one", *, beat_ago: float = 1, began_ago: float = 3600, **values: object) -> Supervisor:
    beat_at, began = NOW - timedelta(seconds=beat_ago), NOW - timedelta(seconds=began_ago)
    fixed = {"pid": 1, "process_started_at": 0.0, "environment": "testing", "status": "running"}
    return Supervisor.objects.create(**{**fixed, "host": name, "beat_at": beat_at, "started_at": began, **values})


def event(kind: str, ago: float, about: str = "high on one", by: Supervisor | None = None, text: str = "So.") -> None:
    row = FleetEvent.objects.create(kind=kind, about=about, text=text, supervisor_id=by and by.pk)
    FleetEvent.objects.filter(pk=row.pk).update(at=NOW - timedelta(seconds=ago))


class TestNobody:
    def test_one_host_that_beats_is_enough(self) -> None:
        host(beat_ago=16)
        assert found("no_queues_run")["queues_run"].since == NOW - timedelta(seconds=16)
        host("two", beat_ago=14)
        assert not found("no_queues_run")

    def test_one_that_has_signed_off_is_none(self) -> None:
        host(status="stopped")
        assert found("no_queues_run")

    def test_a_new_installation_has_none(self) -> None:
        assert found("no_queues_run")["queues_run"].since is None


class TestDeadHosts:
    def test_one_is_missed_until_it_beats_again_or_for_a_day(self) -> None:
        host("two")
        gone = host(beat_ago=20)
        assert found("supervisor_dead")["one"].since == gone.beat_at
        assert "one" in found("supervisor_dead", NOW + timedelta(hours=23))
        assert "one" not in found("supervisor_dead", NOW + timedelta(hours=24))
        Supervisor.objects.filter(pk=gone.pk).update(beat_at=NOW)
        assert not found("supervisor_dead")

    def test_one_that_was_declared_dead_is_the_same_and_one_that_was_stopped_is_not(self) -> None:
        host(beat_ago=20, status="dead")
        host("two", beat_ago=20, status="stopped")
        assert set(found("supervisor_dead")) == {"one"}

    def test_a_death_is_told_although_another_began_on_that_host_at_once(self) -> None:
        host(beat_ago=20, status="dead")
        new = host(began_ago=18)
        assert "one" in found("supervisor_dead")
        later = NOW + timedelta(minutes=10)
        Supervisor.objects.filter(pk=new.pk).update(beat_at=later)
        assert not found("supervisor_dead", later)


class TestStuckWorkers:
    def test_one_that_was_killed_is_told_for_a_quarter_of_an_hour(self) -> None:
        event("worker_stuck", 901)
        assert not found("worker_stuck")
        event("worker_stuck", 800)
        event("worker_stuck", 20, text="Worker 7 of high died; 2 jobs are ready again.")
        (finding,) = found("worker_stuck").values()
        assert (finding.about, finding.value) == ("high on one", 2)
        assert str(finding.facts["text"]).startswith("Worker 7")

    def test_one_that_is_stuck_now_is_found_before_it_is_killed(self) -> None:
        row = host()
        silent, late = (Worker.objects.create(supervisor=row, pool=pool, host="one", pid=1) for pool in ("low", "high"))
        said = {"memory": 1, "runs": 1, "leaving": False}
        workers = {
            silent.pk: {**said, "silent": 7.5, "running": []},
            late.pk: {**said, "silent": 0.1, "running": [["0" * 32, 61.0, -1.0]]},
        }
        Supervisor.objects.filter(pk=row.pk).update(state={"workers": workers})
        assert set(found("worker_stuck")) == {"low on one", "high on one"}


class TestStarts:
    def test_trouble_lasts_until_the_same_host_says_that_the_same_is_well(self) -> None:
        one, two = host(), host("two")
        event("start_trouble", 300, by=one)
        event("restart_trouble", 200, "one", one)
        event("start_well", 100, "high on two", two)
        assert set(found("start_trouble")) == {"high on one", "one"}
        event("start_well", 50, by=one)
        event("restarted", 50, "one", one)
        assert not found("start_trouble")

    def test_what_a_host_that_is_gone_reported_is_over(self) -> None:
        event("start_trouble", 300, by=host(status="stopped"))
        assert not found("start_trouble")


class TestMemory:
    def test_three_workers_of_a_pool_that_held_too_much_within_an_hour_are_a_leak(self) -> None:
        text = "A worker of low on one was recycled: holds 131 MB of 128 MB."
        for ago in (3599, 100, 10):
            event("recycled", ago, "low on one", text=text)
            event("recycled", ago, "high on one", text="A worker of high on one was recycled: older than 3600 s.")
        assert found("memory_growth")["low on one"].value == 3
        assert set(found("memory_growth")) == {"low on one"}
        assert not found("memory_growth", NOW + timedelta(seconds=2))


class TestGates:
    def test_one_is_found_when_it_has_been_shut_for_two_minutes(self) -> None:
        GateState.objects.create(name="twilio", shut_since=NOW - timedelta(seconds=119))
        shut = GateState.objects.create(name="calcom:3", shut_since=NOW - timedelta(seconds=121), reason="Unavailable")
        Job.objects.create(actor_name="nothing", queue_name="high", status="released", gate="calcom:3")
        (finding,) = found("gate_shut").values()
        assert (finding.about, finding.since, finding.facts["waiting"]) == ("calcom:3", shut.shut_since, 1)
