"""Runs that fail, that take long, and that take much longer than they used to; processes that each run lets grow."""

from datetime import datetime, timedelta

import pytest
import time_machine

from askpro.queues.ids import uuid7
from askpro.queues.metrics.histogram import bucket_of
from askpro.queues.models import Job, MetricMinute, Supervisor
from tests.watch.conditions.finding import NOW, found

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def ran(
    count: int, seconds: float = 0.1, *, queue: str = "high", actor: str = "nothing", ago: float = 300, failed: str = ""
) -> None:
    """So many runs were counted so long ago; `failed` is the class of their error."""
    what = {"what": "failed", "about": failed} if failed else {"what": "completed", "about": ""}
    tally(NOW - timedelta(seconds=ago), queue, actor, count, seconds * count, bucket_of(seconds), **what)


def tally(at: datetime, queue: str, actor: str, count: int, total: float, bucket: int, **what: str) -> None:
    where = {"at": at.replace(second=0, microsecond=0), "queue_name": queue, "actor_name": actor, "company_id": 0}
    MetricMinute.objects.create(**where, **what, bucket=bucket, count=count, total=total)


class TestFailures:
    def test_a_quarter_of_the_runs_are_many_when_they_are_ten(self) -> None:
        ran(9, failed="vendors.errors.Refused")
        assert not found("failure_rate")
        ran(3, failed="vendors.errors.Away")
        ran(36)
        assert not found("failure_rate")
        ran(1, failed="vendors.errors.Refused")
        finding = found("failure_rate")["high"]
        assert (finding.facts["failed"], finding.facts["runs"], finding.facts["worst"]) == (13, 49, "Refused")

    def test_what_failed_earlier_is_over(self) -> None:
        ran(100, ago=1000, failed="E")
        assert not found("failure_rate")

    def test_what_a_vendor_refuses_to_all_is_told_of_the_vendor(self) -> None:
        ran(100, failed="appointments.calcom.errors.KeyRefused")
        assert not found("failure_rate")
        ran(50, failed="E")
        assert found("failure_rate")


class TestTimes:
    def test_one_of_twenty_runs_that_takes_too_long_for_its_queue_is_found(self) -> None:
        ran(18, 60, queue="critical")
        assert not found("processing_time")
        ran(2, 60, queue="critical")
        ran(20, 60, queue="low")
        assert set(found("processing_time")) == {"critical"}
        ran(400, 0.1, queue="critical")
        assert not found("processing_time")


class TestSlowJobs:
    def test_a_kind_of_job_that_takes_five_times_as_long_as_usual_is_found(self) -> None:
        ran(50, 5, ago=3 * 86_400)
        ran(10, 12)
        assert not found("slow_jobs")
        ran(10, 50)
        assert "usually that is 5" in str(found("slow_jobs")["nothing"].facts["words"])

    def test_what_was_always_slow_or_never_ran_before_is_not(self) -> None:
        ran(50, 30, ago=3 * 86_400)
        ran(10, 40)
        ran(10, 40, actor="new")
        assert not found("slow_jobs")

    def test_a_run_that_has_used_most_of_its_time_is_found_while_it_runs(self) -> None:
        ids = [str(uuid7()) for _ in range(3)]
        for job_id, actor in zip(ids, ("near", "far", "short"), strict=True):
            Job.objects.create(pk=job_id, actor_name=actor, queue_name="low", status="processing")
        running = [[ids[0], 81, 19], [ids[1], 79, 21], [ids[2], 9, 1]]
        state = {"workers": {"7": {"running": running}}}
        fixed = {"host": "one", "pid": 1, "process_started_at": 0.0, "environment": "testing", "status": "running"}
        Supervisor.objects.create(**fixed, state=state, beat_at=NOW)
        assert {about: each.value for about, each in found("slow_jobs").items()} == {"near": 81}


class TestMemory:
    @pytest.mark.parametrize(("megabytes", "is_found"), [(1.9, False), (2.1, True)])
    def test_a_job_that_lets_its_process_grow_with_each_run_is_found(self, megabytes: float, is_found: bool) -> None:
        ran(20)
        tally(NOW - timedelta(minutes=5), "high", "nothing", 20, 20e6 * megabytes, 0, what="memory", about="")
        assert ("nothing" in found("memory_growth")) is is_found
