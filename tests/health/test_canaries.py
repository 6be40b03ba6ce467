"""Canaries go the way of every job, and are missed where it does not work, whatever else looks alive."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from askpro.health.models import Canary
from askpro.health.queues import check
from askpro.health.tasks import CANARIES
from askpro.queues.chores import schedule
from askpro.queues.config import promise, queue_names, retention
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from tests.queues import hostile
from tests.queues.conftest import _effect_table, effects  # noqa: F401 - fixtures
from tests.queues.queues_run import QueuesRun, wait_until


@pytest.mark.django_db
class TestTheWay:
    def test_the_schedule_sends_one_for_each_queue_each_minute_and_its_run_is_seen(self) -> None:
        now = timezone.now()
        schedule.sync(now)
        schedule.send_due(now + timedelta(minutes=1))
        sent = Job.objects.filter(actor_name__startswith="canary_")
        assert {job.queue_name: job.actor_name for job in sent} == {name: f"canary_{name}" for name in queue_names()}
        assert all(job.silenced for job in sent)
        run_jobs()
        assert {each.queue for each in Canary.objects.filter(seen_at__gte=now)} == set(queue_names())
        assert all(each.sent_at > now for each in Canary.objects.all())

    def test_an_older_one_that_comes_later_changes_nothing(self) -> None:
        canary = CANARIES["high"]
        canary("2026-11-30T12:01:00+00:00")
        before = Canary.objects.get()
        canary("2026-11-30T12:00:00+00:00")
        after = Canary.objects.get()
        assert (after.sent_at, after.seen_at) == (before.sent_at, before.seen_at)

    def test_no_second_one_waits_and_one_that_waits_too_long_makes_way(self) -> None:
        for minute in range(3):
            CANARIES["low"].send(f"2026-11-30T12:0{minute}:00+00:00")
        (job,) = Job.objects.all()
        assert timedelta(minutes=24) < job.expires_at - timezone.now() < timedelta(minutes=26)

    def test_they_are_kept_for_a_day(self) -> None:
        kept = retention()
        assert {kept.others("actors", "completed")[f"canary_{queue}"] for queue in queue_names()} == {24 * 60}


@pytest.fixture
def queues(
    transactional_db: None, child_environment: Callable[..., dict[str, str]], tmp_path: Path
) -> Iterator[QueuesRun]:
    """A worker of the queue `default` with one thread; a canary is due each second."""
    actors = "tests.queues.actors,tests.queues.hostile,askpro.health.tasks"
    environment = child_environment(TEST_ACTORS=actors, TEST_CANARIES="1", TEST_QUEUES="default")
    queues = QueuesRun(environment, tmp_path / "queues.log")
    yield queues
    queues.stop()


@pytest.mark.xdist_group("processes")
def test_incident_28_a_worker_that_lives_and_does_not_work_is_found(
    queues: QueuesRun, settings: Any, tmp_path: Path
) -> None:
    """Its process lives, its host beats, it is ready for the load balancer: only what should come through tells."""
    settings.HEALTH_THRESHOLDS = {"canary.degraded": "0"}
    queues.start()
    assert wait_until(lambda: Canary.objects.exists() and codes() == set(), 15), queues.said()
    end = tmp_path / "end"
    for name in ("first", "second"):
        hostile.lasts_until_there_is.send(str(end), name)
    assert wait_until(lambda: codes() == {"canary"}, 20), queues.said()
    assert Client().get("/health/ready").json()["checks"]["workers"] == "ok"
    # The same by the age of the oldest ready job.
    Job.objects.filter(status="queued").update(ready_at=timezone.now() - timedelta(seconds=61))
    assert codes() == {"canary", "late"}

    end.touch()
    assert wait_until(lambda: codes() == set(), 20), queues.said()


def codes() -> set[str]:
    """What is wrong with `default`, whose canaries are missed after its promise: here two and a half seconds."""
    issues = check(timezone.now() + timedelta(seconds=promise("default") - 2.5)).issues
    return {issue.code for issue in issues if issue.about in ("default", "fleet")}
