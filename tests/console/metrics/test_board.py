"""The page of metrics: charts and lines of what is asked for, the same numbers in each, and few queries."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from askpro.console.charts import Chart
from askpro.metrics.models import Total
from askpro.queues.metrics.histogram import Histogram, bucket_of
from askpro.queues.models import MetricDay, MetricFold, MetricMinute, MetricsSnapshot, Pause, SlowRun
from tests.console.world import HOSTILE, World

pytestmark = pytest.mark.django_db

PAGE = "/admin/board/metrics/"
NOW = datetime(2026, 11, 24, 12, 10, tzinfo=UTC)


@pytest.fixture
def noon(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


def ran(ago: timedelta, what: str = "completed", *, count: int, took: float = 1.0, **whose: Any) -> None:
    at = (timezone.now() - ago).replace(second=0, microsecond=0)
    tally = {"bucket": bucket_of(took), "count": count, "total": count * took}
    words = {"queue_name": "high", "actor_name": "book", "about": "calls.Broken" if what == "failed" else "", **whose}
    MetricMinute.objects.create(at=at, what=what, **tally, **words)


def asked(result: str, count: int, *, took: float = 0.2, company: int = 0, vendor: str = "calcom") -> None:
    at = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=10)
    times = Histogram.of([took] * count)
    whose = {"kind": "vendor", "name": vendor, "part": "GET /v2/slots", "company": company}
    Total.objects.create(
        step="minute", at=at, result=result, count=count, seconds=times.sum, buckets=[*times.counts], **whose
    )


def shown(client: Client, **address: str) -> Any:
    return client.get(PAGE, address).context


def sums(chart: Chart) -> dict[str, float]:
    """All that a chart shows, by series."""
    return {str(each.name): sum(value or 0 for _at, value in each.points) for each in chart.series}


def test_charts_and_lines_add_up_to_the_same(admin_client: Client, noon: None) -> None:
    ran(timedelta(minutes=1), count=10)
    ran(timedelta(minutes=40), "failed", count=4, took=3.0)
    ran(timedelta(minutes=40), "failed", count=2, about="")
    ran(timedelta(hours=30), count=50)

    page = shown(admin_client)

    throughput, failures, *_times = page["charts"]
    assert sums(throughput) == {"completed": 10, "failed": 6}
    assert sums(failures) == {"Broken": 4, "unknown error": 2}
    (line,) = next(table.lines for table in page["tables"] if table.title == "By job")
    assert (line.name, line.runs, line.failed, line.share) == ("book", 16, 6, 37.5)
    assert page["sum"][0].seconds == line.seconds == timedelta(seconds=10 + 12 + 2)


def test_percentiles_are_of_the_runs_of_a_step_and_missing_where_none_ended(admin_client: Client, noon: None) -> None:
    ran(timedelta(minutes=1), count=99, took=1.0)
    ran(timedelta(minutes=1), count=1, took=60.0)
    ran(timedelta(minutes=1), "wait", count=9, took=5.0)

    run_time, waiting = shown(admin_client)["charts"][2:4]

    p50, _p95, p99 = [each.points[-1][1] for each in run_time.series]
    assert p50 == pytest.approx(1.4, rel=0.3) and p99 <= 2 < 60
    assert waiting.series[0].points[-1][1] == pytest.approx(4.4, rel=0.3)
    assert run_time.series[0].points[0][1] is None


def test_nothing_ran_is_zero_and_nothing_counted_is_a_gap(admin_client: Client, noon: None) -> None:
    MetricDay.objects.create(at=NOW - timedelta(hours=20), what="completed", queue_name="high", count=1)
    MetricFold.objects.update_or_create(
        id=1, defaults={"cluster": 1, "counted": "", "counted_at": NOW - timedelta(hours=2)}
    )
    ran(timedelta(hours=5), count=1)

    completed = dict(shown(admin_client)["charts"][0].series[0].points)

    values = {at.hour: value for at, value in completed.items() if at.minute == 0}
    assert (values[14], values[9], values[11]) == (None, 0.0, None)


def test_each_focus_shows_its_own_and_leads_further(admin_client: Client, noon: None, world: World) -> None:
    MetricMinute.objects.all().delete()
    company = world.companies[0]
    ran(timedelta(minutes=1), count=3)
    ran(timedelta(minutes=1), count=5, queue_name="low", actor_name="count")
    ran(timedelta(minutes=1), count=2, actor_name="", company_id=company.pk)

    def runs(**address: str) -> Any:
        page = shown(admin_client, **address)
        lines = {str(table.title): {line.name: line.runs for line in table.lines} for table in page["tables"]}
        return page["sum"][0].runs, lines

    assert runs() == (
        8,
        {"By job": {"book": 3, "count": 5}, "By queue": {"high": 3, "low": 5}, "By company": {company.name: 2}},
    )
    assert runs(queue="high") == (3, {"By job": {"book": 3}, "By company": {company.name: 2}})
    assert runs(actor="count") == (5, {"By queue": {"low": 5}})
    assert runs(company=str(company.pk)) == (2, {"By queue": {"high": 2}})
    page = admin_client.get(PAGE, {"range": "hour"}).content.decode()
    assert "?range=hour&amp;actor=book" in page and f"?range=hour&amp;company={company.pk}" in page


def test_a_queue_shows_its_promise_and_the_age_of_its_oldest_job(admin_client: Client, noon: None) -> None:
    MetricsSnapshot.objects.create(queue_name="high", at=NOW - timedelta(minutes=5), ready=3, oldest=9.0, running=1)

    oldest = shown(admin_client, queue="high")["charts"][-1]

    assert oldest.limit and oldest.series[0].points[-1][1] == 9.0
    assert oldest.series[0].points[0][1] is None and oldest.gap
    assert len(shown(admin_client, actor="book")["charts"]) == 4


def test_a_vendor_shows_results_times_routes_and_companies(admin_client: Client, noon: None, world: World) -> None:
    company = world.companies[0]
    Total.objects.all().delete()
    asked("ok", 30, company=company.pk)
    asked("unavailable", 10, took=9.0)
    asked("ok", 99, vendor="twilio")

    page = shown(admin_client, vendor="calcom", range="hour")

    requests, failures, times = page["charts"]
    assert sums(requests) == {"answered": 30, "not available": 10} and sums(failures) == {"not available": 10}
    assert max(value or 0 for _at, value in times.series[2].points) > 5
    routes, companies = page["tables"]
    assert [(line.name, line.runs, line.failed) for line in routes.lines] == [("GET /v2/slots", 40, 10)]
    assert [(line.name, line.runs) for line in companies.lines] == [(company.name, 30)]
    assert sums(shown(admin_client, vendor="calcom", company=str(company.pk))["charts"][0]) == {"answered": 30}


@pytest.mark.parametrize(
    ("sort", "first"), [("runs", "busy"), ("p95", "slow"), ("time", "long"), ("failed", "bad"), ("nonsense", "busy")]
)
def test_the_lines_are_in_the_order_asked_for(admin_client: Client, noon: None, sort: str, first: str) -> None:
    ran(timedelta(minutes=1), count=1000, took=0.01, actor_name="busy")
    ran(timedelta(minutes=1), count=2, took=60, actor_name="slow")
    ran(timedelta(minutes=1), count=300, took=3, actor_name="long")
    ran(timedelta(minutes=1), "failed", count=7, actor_name="bad")

    assert shown(admin_client, sort=sort)["tables"][0].lines[0].name == first


def test_the_slowest_runs_of_the_period_are_linked(admin_client: Client, noon: None) -> None:
    def slow(seconds: float, ago: timedelta, actor: str = "book") -> SlowRun:
        words = {"queue_name": "high", "claim_no": 1, "worker_id": 1, "threshold": 5, "cpu_seconds": 1}
        words |= {"sql_seconds": 1, "sql_count": 1, "lock_seconds": 0, "vendor_seconds": 0, "vendor_count": 0}
        return SlowRun.objects.create(
            job_id=uuid.uuid4(), actor_name=actor, seconds=seconds, began_at=NOW - ago, **words
        )

    slower, slowest = slow(20, timedelta(minutes=5)), slow(60, timedelta(minutes=50))
    other = slow(40, timedelta(minutes=5), "count")
    slow(600, timedelta(days=3))

    assert shown(admin_client)["slow_runs"] == [slowest, other, slower]
    assert shown(admin_client, actor="book")["slow_runs"] == [slowest, slower]
    assert f"/admin/queues/slowrun/{slowest.pk}/change/" in admin_client.get(PAGE).content.decode()


@pytest.mark.parametrize("query", ["range=hour", "range=week", "range=month", "queue=high", "vendor=calcom"])
def test_it_asks_few_questions(
    admin_client: Client, world: World, query: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(15):
        page = admin_client.get(f"{PAGE}?{query}").content.decode()
    assert "<svg" in page and "<caption" in page


def test_without_figures_it_says_who_counts_them(admin_client: Client) -> None:
    assert "queues_run" in admin_client.get(PAGE).content.decode()


def test_one_kind_of_job_can_be_paused_and_resumed(admin_client: Client, noon: None) -> None:
    ran(timedelta(minutes=1), count=1)
    assert "/pause/?actor=book" in admin_client.get(PAGE, {"actor": "book"}).content.decode()

    Pause.objects.create(kind="actor", name="book")
    assert "/resume/?actor=book" in admin_client.get(PAGE, {"actor": "book"}).content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"range": "1000y"},
        {"actor": HOSTILE},
        {"actor": "x" * 5000},
        {"queue": HOSTILE},
        {"company": "9" * 30},
        {"company": "12", "actor": "book"},
        {"vendor": HOSTILE},
        {"from": HOSTILE},
        {"from": "1.1.2026", "to": "2.1.2026"},
        {"sort": HOSTILE},
    ],
)
def test_it_takes_any_address(admin_client: Client, query: dict[str, str]) -> None:
    page = admin_client.get(PAGE, query)

    assert page.status_code == 200
    assert HOSTILE[:20] not in page.content.decode()


def test_only_who_may_see_metrics_sees_them(staff_with: Callable[..., Client]) -> None:
    assert staff_with("queues.view_job").get(PAGE).status_code == 403
    assert staff_with("queues.view_metricssnapshot").get(PAGE).status_code == 200
