"""Charts from snapshots: summed in steps, by queue and by job, without what strangers wrote."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from askpro.console import charts, metrics
from askpro.queues.models import ActorSnapshot, MetricsSnapshot, Pause
from tests.console.world import HOSTILE, World

pytestmark = pytest.mark.django_db


def seen(ago: timedelta, **values: Any) -> None:
    words = {"ready": 3, "oldest": 4.0, "running": 1, "completed": 8, "failed": 2, "run_time": 0.5, **values}
    MetricsSnapshot.objects.create(queue_name="high", at=timezone.now() - ago, seconds=300, **words)


def test_it_sums_the_snapshots_of_a_step(time_machine: Any) -> None:
    time_machine.move_to(datetime(2026, 11, 24, 12, 10, tzinfo=UTC), tick=False)
    seen(timedelta(minutes=1), completed=10, failed=0, run_time=1.0)
    seen(timedelta(minutes=6), completed=0, failed=10, run_time=3.0, oldest=9.0)
    seen(timedelta(days=2))

    high = next(series for series in metrics.of_queues("24h") if series.name == "high")

    last = list(high.steps.values())[-1]
    assert (last.completed, last.failed, last.rate, last.run_time, last.oldest) == (10, 10, 2.0, 2.0, 9.0)
    assert (high.runs, high.failed, high.share) == (20, 10, 50.0)
    assert len(high.steps) == 73


@pytest.mark.parametrize("chosen", metrics.RANGES)
def test_it_draws_every_range_with_and_without_snapshots(
    admin_client: Client, world: World, chosen: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(8):
        page = admin_client.get(f"/admin/board/metrics/?range={chosen}").content.decode()
    assert "<polyline" in page
    MetricsSnapshot.objects.all().delete()
    ActorSnapshot.objects.all().delete()
    assert "No snapshot in this time" in admin_client.get(f"/admin/board/metrics/?range={chosen}").content.decode()


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
