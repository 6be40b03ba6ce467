"""What the console shows of retention."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from askpro.privacy.models import RetentionRule, RetentionRun
from tests.console.factories import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(admin_client: Client) -> Client:
    return admin_client


def test_a_walk_is_shown_with_its_counts_by_company(operator: Client) -> None:
    world = make_world()
    run = RetentionRun.objects.get()
    page = operator.get("/admin/privacy/retentionrun/").content.decode()
    assert "Transcripts, recordings" in page and "Done" in page
    page = operator.get(f"/admin/privacy/retentionrun/{run.pk}/change/").content.decode()
    assert "90 days, unless a company has its own rule" in page and "the schedule" in page
    table = page[page.index("By company") :]
    assert all(company.name in table for company in world.companies)
    assert re.findall(r">(\d)</td>", table)[:4] == ["0", "3", "1", "2"]


def test_a_walk_that_found_nothing_says_so(operator: Client) -> None:
    run = RetentionRun.nightly("calls")
    page = operator.get(f"/admin/privacy/retentionrun/{run.pk}/change/").content.decode()
    assert "Nothing was over its time." in page


def rule(company_id: int, **values: Any) -> dict[str, Any]:
    return {"company": company_id, "kind": "transcripts", "days": "14"} | values


def test_a_company_gets_its_own_days(operator: Client) -> None:
    company = make_world().companies[0]
    operator.post("/admin/privacy/retentionrule/add/", rule(company.pk))
    assert RetentionRule.objects.get().days == 14
    operator.post("/admin/privacy/retentionrule/add/", rule(company.pk, kind="messages", days=""))
    page = operator.get("/admin/privacy/retentionrule/").content.decode()
    assert "14 days" in page and "90 days" in page and "forever" in page


@pytest.mark.parametrize("wrong", [{"days": "0"}, {"days": "-1"}, {"days": "x"}, {"kind": "deeds"}, {"kind": "x"}])
def test_what_cannot_be_meant_is_refused(operator: Client, wrong: dict[str, str]) -> None:
    answer = operator.post("/admin/privacy/retentionrule/add/", rule(make_world().companies[0].pk, **wrong))
    assert answer.status_code == 200 and not RetentionRule.objects.exists()


def test_a_second_rule_for_the_same_is_refused(operator: Client) -> None:
    company = make_world().companies[0]
    for _ in range(2):
        operator.post("/admin/privacy/retentionrule/add/", rule(company.pk))
    assert RetentionRule.objects.count() == 1


def test_who_may_not_see_it_does_not(staff_without: Callable[..., Client]) -> None:
    assert staff_without().get("/admin/privacy/retentionrun/").status_code == 403


@pytest.fixture
def staff_without(django_user_model: Any) -> Callable[..., Client]:
    def log_in() -> Client:
        client = Client()
        client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))
        return client

    return log_in
