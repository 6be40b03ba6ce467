"""A list that no index narrows looks back only to a limit, and says so."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from askpro.console import failures, horizon
from askpro.queues.fleet import status
from askpro.queues.models import Job
from tests.plans import plans

pytestmark = pytest.mark.django_db
LIST = "/admin/queues/job/"


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred jobs of the last hundred days, of which about thirty are within the limit."""
    monkeypatch.setattr(horizon, "MOST", 30)
    now = timezone.now()
    Job.objects.bulk_create(
        Job(
            id=horizon.first_id_of(now - timedelta(days=number)), actor_name="recount_all", queue_name="low",
            status="dead" if number == 90 else "completed", finished_at=now, tags=["call:5"] if number == 95 else [],
            created_at=now, claim_no=0, tries_spent=0, extra_tries=0, losses=0, releases=0, release_reason="",
            error_class="", error_message="",
        )
        for number in range(100)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE queues_job")


@pytest.mark.parametrize("query", ["queue=low", "status__exact=completed", "q=recount"])
def test_it_looks_at_the_newest_and_says_so(admin_client: Client, ledger: None, query: str) -> None:
    page = admin_client.get(f"{LIST}?{query}")

    assert 25 <= page.context["cl"].result_count <= 35
    assert "The list covers jobs sent since" in page.content.decode()


@pytest.mark.parametrize(("query", "count"), [("", 100), ("status__exact=dead&queue=low", 1), ("q=call:5", 1)])
def test_it_looks_at_all_where_an_index_helps(admin_client: Client, ledger: None, query: str, count: int) -> None:
    page = admin_client.get(f"{LIST}?{query}")

    assert page.context["cl"].result_count == count
    assert "The list covers jobs sent since" not in page.content.decode()


def test_a_small_ledger_is_looked_at_whole(admin_client: Client, ledger: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(horizon, "MOST", 1000)

    assert admin_client.get(f"{LIST}?queue=low").context["cl"].result_count == 100


def test_an_unknown_name_reads_nothing(admin_client: Client, ledger: None, django_assert_max_num_queries: Any) -> None:
    assert admin_client.get(f"{LIST}?q=nobody_knows_it").context["cl"].result_count == 0


@pytest.mark.parametrize(
    ("page", "index"),
    [
        (f"{LIST}?status__exact=dead", "job_over"),
        (f"{LIST}?status__exact=queued", "job_queued"),
        (f"{LIST}?status__exact=retrying&queue=low", "Index Scan on job_"),
        (f"{LIST}?q=call:5", "job_tags"),
        (f"{LIST}?period=hour", "queues_job_pkey"),
        (f"{LIST}?queue=low", "queues_job_pkey"),
    ],
)
def test_each_list_is_answered_by_an_index(admin_client: Client, ledger: None, page: str, index: str) -> None:
    found = plans(lambda: admin_client.get(page), "queues_job")

    assert found
    assert all(index in plan for plan in found), found


@pytest.mark.parametrize(
    "statement", [status.COUNTS % {"most": status.MOST_WAITING}, failures.GROUPS, failures.TROUBLED]
)
def test_no_board_reads_the_whole_ledger(ledger: None, statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "Seq Scan on queues_" not in plan
    # An index whose condition is the state, or the attempts of the jobs found by it.
    assert "queues_job_pkey" not in plan
