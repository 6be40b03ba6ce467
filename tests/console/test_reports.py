"""The numbers of a company, for any period, to those who may see them."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from calls.models import Call, Company
from tests.console.tenants import bound
from tests.console.world import World

PAGE = "/admin/board/reports/"
CSV = "/admin/board/reports/csv/"


def today() -> date:
    return timezone.localdate()


def test_it_shows_the_last_seven_days(admin_client: Client, world: World) -> None:
    company = Company.objects.order_by("name").first()
    assert company is not None
    answer = admin_client.get(PAGE)
    calls = dict(answer.context["facts"])["Calls"]
    assert int(calls) == sum(values[0] for _, values in answer.context["rows"]) > 0
    assert len(answer.context["rows"]) == 7
    assert f"{company.name}, " in answer.content.decode()


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ("range=today", 1),
        ("range=last_week", 7),
        ("range=nonsense", 7),
        ("from=01.11.2026&to=2026-11-30", 30),
        ("from=2026-11-30&to=2026-11-01", 7),
        ("from=1900-01-01&to=2026-11-30", 366),
        ("from=übermorgen&to=x", 7),
    ],
)
def test_it_reads_the_period(admin_client: Client, world: World, asked: str, days: int) -> None:
    answer = admin_client.get(f"{PAGE}?{asked}")
    assert (answer.status_code, len(answer.context["rows"])) == (200, days)


def test_the_file_has_the_same_numbers(admin_client: Client, world: World) -> None:
    company = world.companies[0]
    query = {"company": company.pk, "from": today().isoformat(), "to": today().isoformat()}
    page, file = admin_client.get(PAGE, query), admin_client.get(CSV, query)
    [(_, values)] = page.context["rows"]
    assert file["Content-Disposition"] == f'attachment; filename="{company.slug}-{today()}-{today()}.csv"'
    assert file.content.decode().splitlines()[1].split(";")[1 : len(values) + 1] == [str(value) for value in values]


def test_others_see_only_their_own_company(client: Client, world: World) -> None:
    ours, theirs = world.companies
    client.force_login(bound(ours))
    answer = client.get(PAGE)
    assert [each.pk for each in answer.context["companies"]] == [ours.pk]
    assert client.get(PAGE, {"company": theirs.pk}).context["chosen"] is None
    assert client.get(CSV, {"company": theirs.pk}).status_code == 404


def test_it_takes_a_permission(client: Client, world: World) -> None:
    none: Any = Permission.objects.none()
    client.force_login(bound(world.companies[0], permissions=none))
    assert client.get(PAGE).status_code == client.get(CSV).status_code == 403
    may = Permission.objects.filter(codename="view_dailycount")
    client.force_login(bound(world.companies[0], permissions=may))
    answer = client.get(PAGE)
    assert answer.status_code == 200 and answer.context["waiting"] is None


def test_without_a_company_it_says_so(admin_client: Client) -> None:
    assert not Call.objects.exists()
    assert "There is no such company among yours." in admin_client.get(PAGE).content.decode()
