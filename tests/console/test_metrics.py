"""Charts of what jobs did: summed in steps, by queue and by job, without what strangers wrote."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from askpro.console import charts, metrics
from askpro.queues.metrics.histogram import bucket_of
from askpro.queues.models import MetricMinute, MetricsSnapshot, Pause
from tests.console.world import HOSTILE, World

pytestmark = pytest.mark.django_db


def ran(ago: timedelta, what: str = "completed", *, count: int, took: float) -> None:
    at = (timezone.now() - ago).replace(second=0, microsecond=0)
    tally = {"bucket": bucket_of(took), "count": count, "total": count * took}
    MetricMinute.objects.create(at=at, what=what, queue_name="high", actor_name="x", **tally)


def test_it_sums_the_runs_of_a_step(time_machine: Any) -> None:
    time_machine.move_to(datetime(2026, 11, 24, 12, 10, tzinfo=UTC), tick=False)
    ran(timedelta(minutes=1), count=10, took=1.0)
    ran(timedelta(minutes=6), "failed", count=10, took=3.0)
    ran(timedelta(days=2), count=50, took=1.0)
    MetricsSnapshot.objects.create(queue_name="high", at=timezone.now(), ready=3, oldest=9.0, running=1)

    high = next(series for series in metrics.of_queues("24h") if series.name == "high")

    last = list(high.steps.values())[-1]
    assert (last.runs, last.failed, last.rate, last.oldest) == (20, 10, 2.0, 9.0)
    assert (high.runs, high.failed, high.share, high.run_time) == (20, 10, 50.0, timedelta(seconds=2))
    assert high.p50 == pytest.approx(timedelta(seconds=1.8), abs=timedelta(seconds=1))
    assert high.p99 == pytest.approx(timedelta(seconds=3.1), abs=timedelta(seconds=0.2))
    assert len(high.steps) == 73


@pytest.mark.parametrize("chosen", metrics.RANGES)
def test_it_draws_every_range_with_and_without_snapshots(
    admin_client: Client, world: World, chosen: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(8):
        page = admin_client.get(f"/admin/board/metrics/?range={chosen}").content.decode()
    assert "<polyline" in page
    MetricsSnapshot.objects.all().delete()
    MetricMinute.objects.all().delete()
    assert "No runs in this period" in admin_client.get(f"/admin/board/metrics/?range={chosen}").content.decode()


def test_it_shows_one_kind_of_job_alone_and_offers_to_pause_it(admin_client: Client, world: World) -> None:
    page = admin_client.get("/admin/board/metrics/?actor=extract_call_data")
    assert [series.name for series in page.context["actors"]] == ["extract_call_data"]
    assert "/pause/?actor=extract_call_data" in page.content.decode()

    Pause.objects.create(kind="actor", name="extract_call_data")
    assert (
        "/resume/?actor=extract_call_data"
        in admin_client.get(page.request["PATH_INFO"], {"actor": "extract_call_data"}).content.decode()
    )


@pytest.mark.parametrize("query", [{"range": "1000y"}, {"actor": HOSTILE}, {"actor": "x" * 5000}])
def test_it_takes_any_address(admin_client: Client, query: dict[str, str]) -> None:
    page = admin_client.get("/admin/board/metrics/", query)

    assert page.status_code == 200
    assert "<script>window" not in page.content.decode()


def test_only_who_may_see_metrics_sees_them(staff_with: Callable[..., Client]) -> None:
    assert staff_with("queues.view_job").get("/admin/board/metrics/").status_code == 403
    assert staff_with("queues.view_metricssnapshot").get("/admin/board/metrics/").status_code == 200


def test_a_promise_far_above_does_not_press_the_curve_flat() -> None:
    points = [(timezone.now(), 2.0), (timezone.now(), 4.0)]

    assert "ap-limit" in charts.lines([charts.Line("oldest", "good", points)], "s", limit=10)
    assert "ap-limit" not in charts.lines([charts.Line("oldest", "good", points)], "s", limit=600)
    assert "4 s at most" in charts.lines([charts.Line("oldest", "good", points)], "s", limit=600)


def test_an_empty_chart_is_one() -> None:
    assert "<svg" in charts.bars([], "jobs")
    assert "<svg" in charts.lines([], "jobs")
