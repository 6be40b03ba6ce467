"""The sums of all jobs that ever ran: no run twice, none missing, and never less than before."""

from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest
from django.db import connection

from askpro.metrics import job_totals
from askpro.metrics.models import JobTotal
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.models import MetricMinute
from tests.metrics.postgres import dsn

pytestmark = pytest.mark.django_db(transaction=True)


def ran(count: int = 1, **about: Any) -> None:
    series = {"what": "completed", "queue_name": "low", "actor_name": "sync", "bucket": 5} | about
    MetricMinute.objects.create(at=datetime.now(UTC), count=count, total=0.5 * count, **series)


def told(companies: list[int] | None = None) -> dict[tuple[Any, ...], Any]:
    with connection.cursor() as cursor:
        rows = job_totals.read(DjangoConnection(cursor), companies or [])
    return {row[:6]: row[6] for row in rows}


KEY = ("completed", "low", "sync", 0, "", 5)


def test_runs_count_from_the_moment_they_are_folded_and_once() -> None:
    ran(2)
    assert told() == {KEY: 2}
    assert job_totals.add_up() == 1 and job_totals.add_up() == 0
    assert told() == {KEY: 2}
    ran(3)
    assert told() == {KEY: 5}
    job_totals.add_up()
    assert told() == {KEY: 5} and JobTotal.objects.get().total == pytest.approx(2.5)


def test_they_stay_when_the_minutes_they_came_from_are_no_longer_kept() -> None:
    ran(2)
    job_totals.add_up()
    MetricMinute.objects.all().delete()
    ran()
    assert told() == {KEY: 3}


def test_two_hosts_that_add_up_at_once_count_once() -> None:
    ran(2)
    job_totals.add_up()
    ran(4)
    with psycopg2.connect(**dsn()) as other, other.cursor() as cursor:
        cursor.execute("SELECT minute FROM metrics_addedup FOR UPDATE")
        assert job_totals.add_up() == 0
        assert told() == {KEY: 6}
    assert job_totals.add_up() == 1
    assert told() == {KEY: 6}


def test_more_than_one_statement_takes_are_added_up_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_totals, "AT_ONCE", 2)
    for _ in range(5):
        ran()
    assert job_totals.add_up() == 5
    assert told() == {KEY: 5}


def test_companies_are_told_only_where_somebody_asks_for_them() -> None:
    ran(2)
    ran(2, company_id=7, actor_name="")
    job_totals.add_up()
    ran(1, company_id=8, actor_name="")
    assert told() == {KEY: 2}
    assert told([7, 8]) == {KEY: 2, ("completed", "low", "", 7, "", 5): 2, ("completed", "low", "", 8, "", 5): 1}
