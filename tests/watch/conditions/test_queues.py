"""Too many ready jobs, too old ones, queues that nobody works, and jobs that get no further."""

from datetime import timedelta

import pytest
from django.test import override_settings

from askpro.queues.models import Job, Pause, Supervisor
from tests.watch.conditions.finding import NOW, found

pytestmark = pytest.mark.django_db


def jobs(count: int = 1, queue: str = "default", *, ago: float = 0, **values: object) -> None:
    at = NOW - timedelta(seconds=ago)
    more = {
        "actor_name": "nothing",
        "queue_name": queue,
        "status": "queued",
        "ready_at": at,
        "created_at": at,
        **values,
    }
    Job.objects.bulk_create(Job(**more) for _ in range(count))


def host(*queues: str, beat_ago: float = 1.0, working: int = 2) -> Supervisor:
    state = {"processes": {"all": [working, 2]}, "queues": {"all": queues}}
    beat_at = NOW - timedelta(seconds=beat_ago)
    fixed = {"pid": 1, "process_started_at": 0.0, "environment": "testing", "status": "running"}
    return Supervisor.objects.create(host="one", state=state, beat_at=beat_at, started_at=beat_at, **fixed)


class TestDepth:
    @override_settings(WATCH_THRESHOLDS={"queue_depth.low": 3, "queue_depth.other": 1})
    def test_each_queue_has_its_threshold_and_undeclared_ones_share_one(self) -> None:
        jobs(3, "low")
        jobs(2, "of_an_earlier_release", ago=7)
        assert {about: (each.value, each.facts["oldest"]) for about, each in found("queue_depth").items()} == {
            "of_an_earlier_release": (2, 7)
        }
        jobs(1, "low")
        assert "low" in found("queue_depth")

    @override_settings(WATCH_THRESHOLDS={"queue_depth.low": 1})
    def test_what_is_paused_or_not_ready_does_not_count(self) -> None:
        jobs(2, "low", status="retrying")
        jobs(2, "low", actor_name="paused")
        Pause.objects.create(kind="actor", name="paused")
        assert not found("queue_depth")


class TestPromise:
    def test_it_is_broken_from_the_moment_on_at_which_the_oldest_job_is_too_old(self) -> None:
        jobs(ago=60)
        jobs(queue="critical", ago=4)
        assert not found("promise_broken")
        jobs(2, ago=75)
        (finding,) = found("promise_broken").values()
        assert (finding.about, finding.value, finding.facts["oldest"]) == ("default", 2, 75)
        assert finding.since == NOW - timedelta(seconds=15)

    def test_a_job_that_is_never_claimed_does_not_hide_that_more_are_late(self) -> None:
        jobs(ago=9000)
        assert found("promise_broken")["default"].value == 1
        jobs(11, ago=61)
        assert found("promise_broken")["default"].value == 12

    def test_what_is_paused_breaks_no_promise(self) -> None:
        jobs(ago=90)
        Pause.objects.create(kind="queue", name="default")
        assert not found("promise_broken")


class TestConsumers:
    def test_a_queue_that_no_living_worker_takes_from_is_found(self) -> None:
        jobs(queue="default")
        jobs(3, "of_an_earlier_release")
        host("default")
        assert {about: each.value for about, each in found("queue_without_consumer").items()} == {
            "of_an_earlier_release": 3
        }

    def test_a_pool_whose_workers_cannot_start_takes_from_none(self) -> None:
        jobs()
        host("default", working=0)
        assert "default" in found("queue_without_consumer")

    def test_without_any_living_host_that_is_what_is_told(self) -> None:
        jobs()
        host("default", beat_ago=60)
        assert not found("queue_without_consumer")
        assert found("no_queues_run")

    def test_an_empty_queue_needs_nobody(self) -> None:
        host("default")
        assert not found("queue_without_consumer")


class TestWaiting:
    @pytest.mark.parametrize(
        ("reason", "seconds", "values"),
        [
            ("gate", 3600, {"status": "released", "gate": "calcom"}),
            ("limit", 1800, {"status": "released", "rate_slot_at": NOW + timedelta(60), "run_at": NOW + timedelta(60)}),
            ("key", 1800, {"status": "released", "lock_key": "call:1"}),
            ("place", 1800, {"status": "released", "share_key": "company:1"}),
            ("paused", 4 * 3600, {"actor_name": "paused"}),
        ],
    )
    def test_it_is_found_after_the_time_that_its_reason_may_take(self, reason: str, seconds: int, values: dict) -> None:
        Pause.objects.create(kind="actor", name="paused")
        jobs(ago=seconds - 1, **values)
        assert not found("waiting_too_long")
        jobs(2, ago=seconds + 1, **values)
        (finding,) = found("waiting_too_long").values()
        assert (finding.about, finding.value) == (f"default: {reason}", 2)
        assert finding.since == NOW - timedelta(seconds=1)

    def test_what_is_due_and_nobody_makes_ready_is_found(self) -> None:
        for status in ("scheduled", "retrying", "released"):
            jobs(status=status, run_at=NOW - timedelta(seconds=61), ago=90_000)
            jobs(status=status, run_at=NOW - timedelta(seconds=59), ago=90_000)
        assert found("waiting_too_long")["default: due"].value == 3

    def test_what_waits_for_its_own_time_waits_for_nothing_else(self) -> None:
        jobs(3, status="scheduled", run_at=NOW + timedelta(days=30), ago=90_000)
        jobs(3, status="released", run_at=NOW + timedelta(hours=9), ago=90_000)
        assert not found("waiting_too_long")

    def test_what_will_be_dead_within_the_hour_is_found_before(self) -> None:
        jobs(2, status="retrying", run_at=NOW + timedelta(hours=2), ago=82_801, deadline_at=NOW + timedelta(minutes=59))
        jobs(status="retrying", run_at=NOW + timedelta(hours=2), ago=60, deadline_at=NOW + timedelta(minutes=4))
        assert {about: each.value for about, each in found("waiting_too_long").items()} == {"default: deadline": 2}
