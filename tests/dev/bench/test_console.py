"""The console's pages over many rows: the smallest run, and how rows and addresses are made."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from askpro.dev.bench.console.addresses import Address, links
from askpro.dev.bench.console.filling import Fixed, fill, noise, one_of
from askpro.dev.bench.console.scale import COMPANIES, Scale
from calls.models import Company

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.django_db


def test_what_is_not_said_of_a_column_is_the_models_default() -> None:
    fill(Company, 3, name="'Salon ' || n", slug="'salon-' || n % 50", calcom_api_key=Fixed("cal_live_1"))

    rows = list(Company.objects.order_by("pk"))
    assert [(row.pk, row.name, row.slug) for row in rows] == [(n, f"Salon {n}", f"salon-{n}") for n in (1, 2, 3)]
    assert {row.calcom_api_key for row in rows} == {"cal_live_1"}
    assert rows[0].timezone == "Europe/Berlin" and rows[0].created_at is not None
    assert Company.objects.create(name="The next", slug="next").pk == 4


def test_a_column_that_the_model_does_not_have_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="Company has no colour"):
        fill(Company, 1, name="'A'", slug="'a'", colour="'red'")


def test_lots_are_the_same_in_each_run() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {one_of('a', 'b')}, {noise('x')} >= 0, {noise('x')} = {noise('y')} FROM (SELECT 3 AS n) AS t"
        )
        assert cursor.fetchone() == ("b", True, False)


@pytest.mark.parametrize("jobs", [10_000, 5_000_000])
def test_customers_are_shared_out_evenly(jobs: int) -> None:
    scale = Scale(jobs)

    assert scale.customers % COMPANIES == 0 and scale.customers > 0
    assert (scale.events, scale.calls) == (jobs // 5, jobs // 10)


def test_it_follows_what_leads_to_the_page_itself() -> None:
    page = '<a href="?status=dead&amp;p=2"> <a href="?status=queued&p=3"> <a href="/admin/x/?q=1"> <a href="/y/?q=2">'
    page += "".join(f'<a href="?o={number}">' for number in range(1, 5))

    found = [address.path for address in links(Address("x", "/admin/x/"), page)]

    assert found == [
        "/admin/x/?status=dead&p=2",
        "/admin/x/?status=queued&p=3",
        "/admin/x/?q=1",
        *(f"/admin/x/?o={number}" for number in (1, 2, 3)),
    ]


@pytest.mark.long
def test_it_opens_pages_over_rows_that_it_keeps(child_environment: Callable[..., dict[str, str]]) -> None:
    argv = [sys.executable, "-m", "askpro.dev.bench", "--console", "--keep", "--json", "--quick"]
    argv += ["--jobs", "10000", "--pages", "index"]
    kept = f"{connection.settings_dict['NAME']}_console"
    try:
        first, second = (_ran(argv, child_environment()) for _ in range(2))
    finally:
        own = connection.copy()
        own.set_autocommit(True)
        with own.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{kept}"')
        own.close()
    assert "finished jobs" in first.stderr and "finished jobs" not in second.stderr
    (page,) = json.loads(second.stdout)["pages"]
    assert page["path"] == "/admin/" and page["p95"] > 0 and page["queries"] > 5


def _ran(argv: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=True)
