"""The five groups of figures, and the same figures over any period."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from askpro.queues.ledger.database import EngineConnection
from askpro.queues.metrics import QueueMetrics, fold, job_figures, rollup
from askpro.queues.models import Job, MetricHour, MetricMinute, Pause
from tests.queues import actors
from tests.queues.metrics.ended import FAILED, end

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes]
MINUTE = timedelta(minutes=1)
LONG = timedelta(days=100)


def test_each_group_tells_its_part(database: EngineConnection) -> None:
    for number in range(4):
        actors.nothing.send(number)
    actors.nothing.send_with_options(args=(5,), delay=60_000)
    end(database, most=1)
    end(database, FAILED, most=1)
    fold.to_the_end()
    told = QueueMetrics.get(database=database)
    sizes, failures = told.queue_sizes["default"], told.failure_rates["default"]
    assert (sizes.ready, sizes.running, sizes.later, sizes.dead) == (2, 0, 2, 0)
    assert sizes.oldest_ready_seconds > 0
    assert (failures.runs, failures.failed, failures.share, failures.by_class) == (2, 1, 0.5, {"ValueError": 1})
    assert told.processing_time["default"].wait_p95 is not None
    assert told.throughput["default"].arrived_per_minute == pytest.approx(5 * 60 / told.window_seconds)
    assert told.worker_status.supervisors == 0
    assert {*told.as_dict()} > {
        "queue_sizes",
        "processing_time",
        "failure_rates",
        "worker_status",
        "throughput",
    }
    assert json.loads(json.dumps(told.as_dict()))["queue_sizes"]["default"]["ready"] == 2


def test_what_waits_is_told_by_what_it_waits_for() -> None:
    Pause.objects.create(kind="actor", name="paused")
    old = datetime.now(UTC) - timedelta(hours=1)
    later = datetime.now(UTC) + timedelta(hours=1)
    jobs = {
        "step": {"status": "waiting"},
        "lock": {"status": "released"},
        "limit": {"status": "released", "run_at": later, "rate_slot_at": later},
        "gate": {"status": "released", "run_at": later, "gate": "calcom"},
        "released": {"status": "released", "run_at": later},
        "paused": {"status": "queued", "actor_name": "paused", "ready_at": old},
        "ready": {"status": "queued", "ready_at": old},
        "later": {"status": "retrying", "run_at": later},
    }
    for words in jobs.values():
        Job.objects.create(**{"actor_name": "x", "queue_name": "default", **words})
    sizes = QueueMetrics.get().queue_sizes["default"]
    assert sizes.waiting == dict.fromkeys(("step", "lock", "limit", "gate", "released", "paused"), 1)
    assert (sizes.ready, sizes.later) == (1, 1)
    assert sizes.oldest_waiting_seconds == pytest.approx(3600, abs=60)
    assert sizes.oldest_ready_seconds == pytest.approx(3600, abs=60)


@pytest.mark.parametrize("by", ["queue", "actor", "minute", "hour", "day"])
def test_minutes_hours_and_days_tell_the_same(database: EngineConnection, by: str) -> None:
    for number in range(3):
        actors.nothing.send(number)
    end(database, most=1)
    fold.to_the_end()
    rollup.look()
    end(database, FAILED, most=1)
    fold.to_the_end()
    now = datetime.now(UTC)
    figures = [
        job_figures(now - age, now + MINUTE, by=by)[0]  # type: ignore[arg-type]
        for age in (MINUTE, timedelta(days=3), LONG)
    ]
    assert all(each == figures[0] for each in figures)
    assert (figures[0].arrived, figures[0].completed, figures[0].failed) == (3, 1, 1)


def test_a_minute_is_added_to_its_hour_once(database: EngineConnection) -> None:
    actors.nothing.send(1)
    end(database)
    fold.to_the_end()
    assert rollup.look() == MetricMinute.objects.count()
    assert rollup.look() == 0
    assert [*MetricHour.objects.filter(what="completed").values_list("count", flat=True)] == [1]
    actors.nothing.send(1)
    end(database)
    fold.to_the_end()
    rollup.look()
    assert sum(MetricHour.objects.filter(what="completed").values_list("count", flat=True)) == 2


def test_a_companys_jobs_are_told_apart_by_argument_and_by_tenant(database: EngineConnection) -> None:
    shared = {"actor_name": "nothing", "queue_name": "default", "status": "queued", "ready_at": datetime.now(UTC)}
    Job.objects.create(kwargs={"company_id": 7}, **shared)
    Job.objects.create(fair_key="company:7", **shared)
    Job.objects.create(kwargs={"company_id": "9; DROP"}, **shared)
    Job.objects.create(kwargs={"company_id": 10**30}, **shared)
    end(database)
    fold.to_the_end()
    now = datetime.now(UTC)
    told = {each.key: each for each in job_figures(now - MINUTE, now + MINUTE, by="company")}
    assert (told["7"].arrived, told["7"].completed) == (2, 2)
    assert {*told} == {"7"}
    assert [each.completed for each in job_figures(now - MINUTE, now + MINUTE, company=7)] == [2]


def test_an_actors_jobs_of_one_company_are_refused() -> None:
    now = datetime.now(UTC)
    with pytest.raises(ValueError, match="by company"):
        job_figures(now, now, actor="nothing", by="company")
