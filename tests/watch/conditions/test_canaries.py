"""A canary that does not come through is missed, unless nobody could let it through."""

from datetime import timedelta

import pytest

from askpro.health.models import Canary
from askpro.queues.models import Pause, Schedule, Supervisor
from tests.watch.conditions.finding import NOW, found

pytestmark = pytest.mark.django_db


@pytest.fixture
def _seen() -> None:
    """A host has lived for an hour, and a canary came through `high` 191 s ago, and through `default` lately."""
    long_ago = NOW - timedelta(hours=1)
    fixed = {"host": "one", "pid": 1, "process_started_at": 0.0, "environment": "testing", "status": "running"}
    Supervisor.objects.create(**fixed, beat_at=NOW, started_at=long_ago)
    for queue, ago in (("high", 191), ("default", 239)):
        at = NOW - timedelta(seconds=ago)
        Canary.objects.create(queue=queue, sent_at=at, seen_at=at)
        Schedule.objects.create(name=f"canary-{queue}", actor_name=f"canary_{queue}")


@pytest.mark.usefixtures("_seen")
def test_one_is_missed_three_minutes_beyond_the_promise_of_its_queue() -> None:
    finding = found("canary_missing")["high"]
    assert (finding.facts["seconds"], finding.since) == (191, NOW - timedelta(seconds=191))
    assert "default" not in found("canary_missing")
    assert "default" in found("canary_missing", NOW + timedelta(seconds=2))


@pytest.mark.usefixtures("_seen")
def test_none_is_missed_where_the_queue_is_paused_or_nobody_lives() -> None:
    Pause.objects.create(kind="queue", name="high")
    assert "high" not in found("canary_missing")
    Pause.objects.all().delete()
    Supervisor.objects.update(beat_at=NOW - timedelta(minutes=1))
    assert not found("canary_missing")
