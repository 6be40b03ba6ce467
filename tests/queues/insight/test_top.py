"""Who takes most: the ledger's figures beside what the workers counted."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from askpro.queues.insight.top import top
from askpro.queues.metrics import fold
from askpro.queues.models import Job, RunCost, SlowRun

pytestmark = pytest.mark.django_db(transaction=True)


def ran(actor: str, queue: str, company: int, seconds: float) -> None:
    end = timezone.now()
    Job.objects.create(
        actor_name=actor, queue_name=queue, kwargs={"company_id": company}, status="completed", ready_at=end,
        started_at=end - timedelta(seconds=seconds), finished_at=end, day=end.astimezone(UTC).date(),
    )  # fmt: skip


def cost(actor: str, queue: str, company: int, **values: Any) -> None:
    sums = dict.fromkeys(("slow", "sql_count", "vendor_count"), 0)
    times = dict.fromkeys(("sql_seconds", "vendor_seconds", "cpu_seconds"), 0.0)
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    RunCost.objects.create(
        actor_name=actor, queue_name=queue, company_id=company, **{**sums, **times, "hour": hour, **values}
    )


@pytest.fixture
def busy() -> None:
    cost("extract", "high", 5, slow=1, sql_seconds=2.0, sql_count=9)
    cost("extract", "high", 6, sql_seconds=1.0, vendor_seconds=0.5, vendor_count=2)
    cost("send", "low", 0, cpu_seconds=0.25)
    cost("send", "low", 0, sql_seconds=50.0, hour=timezone.now() - timedelta(days=3))


def test_each_kind_is_summed_and_those_without_a_company_are_nobodys(busy: None) -> None:
    by = {kind: {each.key: each for each in top(kind, timedelta(hours=1))} for kind in ("actor", "queue", "company")}
    extract = by["actor"]["extract"]
    assert (extract.sql_seconds, extract.sql_count, extract.vendor_count, extract.slow) == (3.0, 9, 2, 1)
    assert by["queue"]["low"].cpu_seconds == 0.25 and by["queue"]["low"].sql_seconds == 0.0
    assert {key: each.sql_seconds for key, each in by["company"].items()} == {"5": 2.0, "6": 1.0}


def test_run_seconds_are_the_ledgers_and_the_most_come_first(busy: None) -> None:
    fold.to_the_end()
    ran("send", "low", 5, 30.0)
    ran("extract", "high", 5, 4.0)
    fold.to_the_end()
    consumers = top("actor", timedelta(hours=1), datetime.now(UTC) + timedelta(minutes=1))
    assert [(each.key, each.runs, each.seconds) for each in consumers] == [
        ("send", 1, pytest.approx(30.0)),
        ("extract", 1, pytest.approx(4.0)),
    ]
    assert consumers[0].mean == pytest.approx(30.0)


def test_the_command_prints_it(busy: None) -> None:
    said = io.StringIO()
    call_command("queues_top", "--by", "queue", "--hours", "1", stdout=said)
    assert "high" in said.getvalue() and "3.0 s" in said.getvalue()
    said = io.StringIO()
    call_command("queues_top", "--json", "--most", "1", stdout=said)
    assert [each["key"] for each in json.loads(said.getvalue())] == ["extract"]


def test_slow_runs_are_printed_with_what_took_their_time() -> None:
    SlowRun.objects.create(
        job_id="018f0000-0000-7000-8000-000000000001", claim_no=1, actor_name="nothing", queue_name="default",
        began_at=timezone.now(), threshold=5, seconds=61.5, sql_seconds=60, sql_count=7, lock_seconds=55,
        vendor_seconds=1, vendor_count=1, cpu_seconds=0.25,
        statements=[{"text": "SELECT ?", "count": 7, "seconds": 60.0, "longest": 59.0}],
        calls=[{"vendor": "calcom", "route": "POST /v2/x", "result": "ok", "count": 1, "seconds": 1, "longest": 1}],
    )  # fmt: skip
    said = io.StringIO()
    call_command("queues_slow", "--actor", "nothing", stdout=said)
    assert "61.5 s, not ended yet (statements 60.0 s, of it locks 55.0 s" in said.getvalue()
    assert "60.00 s      7 x SELECT ?" in said.getvalue() and "calcom POST /v2/x ok" in said.getvalue()
    said = io.StringIO()
    call_command("queues_slow", "--queue", "high", "--json", stdout=said)
    assert json.loads(said.getvalue()) == []
