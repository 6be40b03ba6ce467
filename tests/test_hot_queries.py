"""Queries of every call, message or sweep use an index, so that a long history does not slow them down."""

import ast
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

import pytest
from django.db import connection

from appointments.daily import recount
from appointments.sweepers import resend_forgotten_requests
from calls.lost import overdue
from calls.models import Call, Company
from notifications.recipients import holders
from tests.appointments.salon import NOW, wished
from tests.plans import plans
from webhooks.net.reading import known_events

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[1]
# PostgreSQL plans a query of thirty tables for up to a tenth of a second, each time anew.
MOST_JOINS = 12


def test_the_sweeper_of_requests_looks_at_open_ones_only() -> None:
    wished()
    (plan,) = plans(resend_forgotten_requests, "calls_bookingrequest")
    assert "booking_request_open" in plan


@pytest.mark.parametrize("table", ["calls_call", "calls_bookingrequest"])
def test_a_day_is_counted_without_looking_at_the_other_days(table: str) -> None:
    first = wished().call
    many = [Call(retell_call_id=f"call_{days}", started_at=NOW - timedelta(days=days)) for days in range(2000)]
    for row in many:
        row.company_id, row.branch_id, row.phone_number_id = first.company_id, first.branch_id, first.phone_number_id
    Call.objects.bulk_create(many)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE calls_call")
    found = plans(lambda: recount(Company.objects.get(), date(2025, 11, 20)), table)
    assert found and all("call_by_company" in plan and "started_at" in plan for plan in found)


@pytest.mark.parametrize("index", ["customer_phone", "customer_contact_phone"])
def test_who_is_reached_at_a_number_is_found_by_it(index: str) -> None:
    def look() -> list[object]:
        return list(holders("+4915550100123"))

    (plan,) = plans(look, "calls_customer")
    assert index in plan


def test_calls_that_should_have_ended_are_found_among_the_ongoing_ones_only() -> None:
    (plan,) = plans(lambda: list(overdue(NOW)), "calls_call")
    assert "call_ongoing" in plan


def test_what_is_known_of_a_page_of_calls_is_found_by_their_ids() -> None:
    (plan,) = plans(lambda: known_events(["call_one", "call_two"]), "webhooks_webhookevent")
    assert "webhook_subject" in plan


def test_no_query_takes_longer_to_plan_than_to_execute() -> None:
    folders = [ROOT / name for name in ("appointments", "askpro", "calls", "notifications", "webhooks")]
    found = {
        f"{path.relative_to(ROOT)}:{call.lineno}": joins(call)
        for folder in folders
        for path in folder.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "select_related"
    }
    assert max(map(len, found.values())) >= 5, "calls of select_related are no longer found"
    assert {place: len(tables) for place, tables in found.items() if len(tables) > MOST_JOINS} == {}


def joins(call: ast.Call) -> set[str]:
    """The relations that `select_related("a__b", "c")` joins: a, a__b, c."""
    paths = [each.value for each in call.args if isinstance(each, ast.Constant)]
    return {part for path in paths for part in accumulate(path.split("__"), lambda head, name: f"{head}__{name}")}
