"""Queries of every call, message or sweep use an index, so that a long history does not slow them down."""

from datetime import date, timedelta

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
