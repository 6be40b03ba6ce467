"""A series has the same runs in its steps, whichever of the tables it is read from."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from askpro.queues.metrics import rollup
from askpro.queues.metrics.figures import job_series, total
from askpro.queues.models import MetricFold, MetricMinute

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 11, 24, 12, 10, tzinfo=UTC)


@pytest.fixture
def runs(time_machine: Any) -> list[datetime]:
    """A run every seven minutes of a day and a half, the older ones rolled up, the newest not yet."""
    time_machine.move_to(NOW, tick=False)
    MetricFold.objects.update_or_create(id=1, defaults={"cluster": 1, "counted": "", "counted_at": NOW})
    moments = [NOW - number * 7 * MINUTE for number in range(300)]
    MetricMinute.objects.bulk_create(_run(at) for at in moments[20:])
    rollup.look()
    MetricMinute.objects.bulk_create(_run(at) for at in moments[:20])
    return moments


def _run(at: datetime) -> MetricMinute:
    return MetricMinute(at=at, what="completed", queue_name="high", actor_name="book", bucket=9, count=1, total=2.0)


@pytest.mark.parametrize("step", [MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, DAY, None], ids=str)
@pytest.mark.parametrize("start", [NOW - 90 * MINUTE, NOW.replace(minute=0) - 20 * HOUR, NOW.replace(hour=0, minute=0)])
@pytest.mark.parametrize("end", [NOW + MINUTE, NOW - 25 * MINUTE, NOW.replace(minute=0)], ids=str)
def test_each_run_is_in_its_step(runs: list[datetime], start: datetime, end: datetime, step: timedelta | None) -> None:
    found = job_series(start, end, step)[""]

    expected = [at for at in runs if start <= at < end]
    assert total(found.values()).completed == len(expected)
    assert total(found.values()).run.sum == 2.0 * len(expected)
    assert {*found} == {start if step is None else at - (at - start) % step for at in expected}


def test_an_actors_jobs_of_one_company_are_not_told_apart() -> None:
    for whose in ({"actor": "book", "company": 1}, {"by": "actor", "company": 1}, {"by": "company", "actor": "book"}):
        with pytest.raises(ValueError, match="no figures of an actor by company"):
            job_series(NOW - HOUR, NOW, **whose)
